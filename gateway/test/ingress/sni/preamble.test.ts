import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Preamble, type PreambleStep } from '../../../src/ingress/sni/preamble.ts';
import { encodedHello, extension, inRecords, serverName } from '../tls/hello-bytes.ts';

const packet = (code: number, rest = Buffer.alloc(0)): Buffer => {
  const bytes = Buffer.alloc(8 + rest.length);
  bytes.writeUInt32BE(bytes.length, 0);
  bytes.writeUInt32BE(code, 4);
  rest.copy(bytes, 8);
  return bytes;
};
const SSL = packet(80_877_103);
const GSS = packet(80_877_104);
const CANCEL = packet(80_877_102, Buffer.from([0, 0, 1, 2, 3, 4, 5, 6]));
const STARTUP = packet(196_608, Buffer.from('user\0jane\0\0'));
const HELLO = inRecords(encodedHello(serverName('orders.db.example')), 1000);
const DIRECT = inRecords(
  encodedHello(serverName('orders.db.example'), extension(16, Buffer.from('\0\x0b\x0apostgresql'))),
  1000,
);

/** The step after each piece. */
function steps(...pieces: readonly Buffer[]): readonly PreambleStep[] {
  const preamble = new Preamble();
  return pieces.map((piece) => preamble.push(piece));
}
const kinds = (...pieces: readonly Buffer[]) => steps(...pieces).map(({ is }) => is);

test('a PostgreSQL client that requests TLS, possibly after GSSAPI, is answered without a dial', () => {
  const [gss, ssl, hello] = steps(GSS, SSL, HELLO);
  assert.deepEqual(gss, { is: 'answer', bytes: 'N' });
  assert.deepEqual(ssl, { is: 'answer', bytes: 'S' });
  assert.ok(hello?.is === 'hello');
  assert.equal(hello.negotiation, 'postgresql');
  assert.deepEqual(hello.bytes, HELLO);
});

test('direct TLS is distinguished by its ALPN protocol', () => {
  for (const [bytes, negotiation] of [
    [HELLO, 'tls'],
    [DIRECT, 'postgresql-direct'],
  ] as const) {
    const [step] = steps(bytes);
    assert.ok(step?.is === 'hello');
    assert.equal(step.negotiation, negotiation);
  }
});

test('bytes after the ClientHello are kept for the target', () => {
  const early = Buffer.from('early data');
  const [, step] = steps(HELLO.subarray(0, 20), Buffer.concat([HELLO.subarray(20), early]));
  assert.ok(step?.is === 'hello');
  assert.deepEqual(step.bytes, Buffer.concat([HELLO, early]));
});

test('a CancelRequest, a plaintext client and other protocols are recognized', () => {
  const [cancel] = steps(CANCEL);
  assert.deepEqual(cancel, { is: 'cancel-request', bytes: CANCEL });
  const long = packet(80_877_102, Buffer.alloc(260, 1));
  assert.deepEqual(steps(long)[0], { is: 'cancel-request', bytes: long });
  assert.deepEqual(kinds(STARTUP), ['plaintext']);
  assert.deepEqual(kinds(Buffer.from('GET / HTTP/1.1\r\n\r\n')), ['invalid']);
  assert.deepEqual(kinds(packet(80_877_102, Buffer.alloc(261))), ['invalid']);
});

test('plaintext bytes after a request are rejected, and so is a second request', () => {
  assert.deepEqual(kinds(Buffer.concat([SSL, HELLO])), ['invalid']);
  assert.deepEqual(kinds(Buffer.concat([GSS, SSL])), ['invalid']);
  assert.deepEqual(kinds(SSL, SSL), ['answer', 'invalid']);
  assert.deepEqual(kinds(SSL, STARTUP), ['answer', 'invalid']);
  assert.deepEqual(kinds(GSS, GSS), ['answer', 'invalid']);
});

test('fragmentation does not change the outcome, and arbitrary bytes neither throw nor stay incomplete forever', () => {
  const flights = [HELLO, DIRECT, CANCEL, STARTUP, SSL, GSS];
  const bytes = fc.oneof(
    fc.constantFrom(...flights),
    fc.uint8Array({ minLength: 1, maxLength: 200 }).map((random) => Buffer.from(random)),
  );
  fc.assert(
    fc.property(bytes, fc.array(fc.nat({ max: 400 }), { maxLength: 6 }), (flight, cuts) => {
      const whole = new Preamble().push(flight);
      const places = [...cuts, flight.length].filter((cut) => cut <= flight.length);
      const preamble = new Preamble();
      let step: PreambleStep = { is: 'incomplete' };
      let from = 0;
      for (const to of places.toSorted((one, two) => one - two)) {
        if (step.is === 'incomplete') step = preamble.push(flight.subarray(from, to));
        from = to;
      }
      // Bytes after a request are rejected only if they arrive together with it.
      if (step.is !== 'answer' && whole.is !== 'invalid') assert.equal(step.is, whole.is);
      for (let more = 0; step.is === 'incomplete'; more += 1) {
        assert.ok(more < 80);
        step = preamble.push(Buffer.alloc(1000, 0x16));
      }
    }),
  );
});
