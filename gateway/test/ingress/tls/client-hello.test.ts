import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  ClientHelloReader,
  type HelloOutcome,
  MAX_CLIENT_HELLO_BYTES,
} from '../../../src/ingress/tls/client-hello-reader.ts';
import { encodedHello, extension, inRecords, realClientHello, serverName } from './hello-bytes.ts';

/** The outcome when `bytes` arrive cut at these offsets. */
function read(bytes: Buffer, cuts: readonly number[] = []): HelloOutcome {
  const reader = new ClientHelloReader();
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted((one, two) => one - two);
  let from = 0;
  for (const to of [...places, bytes.length]) {
    const outcome = reader.push(bytes.subarray(from, to));
    if (outcome.is !== 'incomplete') return outcome;
    from = to;
  }
  return { is: 'incomplete' };
}

const helloOf = (bytes: Buffer) => {
  const outcome = read(bytes);
  assert.equal(outcome.is, 'hello', JSON.stringify(outcome));
  return outcome.is === 'hello' ? outcome.hello : assert.fail();
};

test('reads the ClientHello of a real client', async () => {
  const bytes = await realClientHello({
    servername: 'Orders.DB.example',
    ALPNProtocols: ['postgresql', 'h2'],
  });
  assert.deepEqual(helloOf(bytes), {
    serverName: 'orders.db.example',
    protocols: ['postgresql', 'h2'],
    versions: [0x0304, 0x0303],
    isEncrypted: false,
  });
});

test('a ClientHello may have no server name and an old version', async () => {
  const bytes = await realClientHello({ maxVersion: 'TLSv1.2' });
  assert.deepEqual(helloOf(bytes), {
    serverName: undefined,
    protocols: [],
    versions: [0x0303],
    isEncrypted: false,
  });
});

test('GREASE is ignored, and an Encrypted Client Hello has its outer name', () => {
  const grease = extension(0x8a8a, Buffer.of(0));
  const versions = extension(43, Buffer.from([6, 0xba, 0xba, 3, 4, 3, 3]));
  const encrypted = extension(0xfe0d, Buffer.alloc(300, 1));
  const hello = helloOf(
    inRecords(encodedHello(grease, serverName('public.example'), versions, encrypted), 40),
  );
  assert.deepEqual(hello, {
    serverName: 'public.example',
    protocols: [],
    versions: [0x0304, 0x0303],
    isEncrypted: true,
  });
});

const faults: readonly (readonly [what: string, bytes: Buffer, alert: string])[] = [
  ['a plaintext request', Buffer.from('GET / HTTP/1.1\r\n'), 'unexpectedMessage'],
  ['an alert', Buffer.from([21, 3, 1, 0, 2, 2, 40]), 'unexpectedMessage'],
  ['another handshake message', inRecords(Buffer.from([2, 0, 0, 0]), 4), 'unexpectedMessage'],
  ['an empty record', Buffer.from([22, 3, 1, 0, 0]), 'decodeError'],
  ['a record that is too long', Buffer.from([22, 3, 1, 0x40, 1]), 'recordOverflow'],
  ['a message that is too long', inRecords(Buffer.from([1, 1, 0, 0]), 4), 'recordOverflow'],
  ['too many records', inRecords(encodedHello(extension(21, Buffer.alloc(100))), 1), 'decodeError'],
  ['two host names', inRecords(encodedHello(serverName('a.b', 'c.d')), 1000), 'decodeError'],
  [
    'a duplicate extension',
    inRecords(encodedHello(serverName('a.b'), serverName('a.b')), 1000),
    'decodeError',
  ],
  ['an invalid host name', inRecords(encodedHello(serverName('a\0.b')), 1000), 'decodeError'],
  ['an empty name', inRecords(encodedHello(extension(0, Buffer.alloc(2))), 1000), 'decodeError'],
  ['an empty protocol', inRecords(encodedHello(extension(16, Buffer.from([0, 1, 0]))), 1000), 'decodeError'],
];

test('an invalid ClientHello is rejected with the matching alert', () => {
  for (const [what, bytes, alert] of faults) {
    const outcome = read(bytes);
    assert.ok(outcome.is === 'invalid', what);
    assert.equal(outcome.alert, alert, what);
  }
  assert.equal(faults.length, 12);
});

test('fragmentation into chunks and records does not change the outcome', async () => {
  const real = await realClientHello({ servername: 'orders.db.example', ALPNProtocols: ['tds/8.0'] });
  const message = real.subarray(5);
  const whole = read(real);
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 5000 }), { maxLength: 30 }),
      fc.integer({ min: 64, max: 2000 }),
      (cuts, size) => assert.deepEqual(read(inRecords(message, size), cuts), whole),
    ),
  );
});

test('arbitrary bytes neither throw nor stay incomplete beyond the limit', async () => {
  const real = await realClientHello({ servername: 'orders.db.example' });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
        // A real ClientHello with a few changed bytes reaches more of the parser.
        fc
          .array(fc.tuple(fc.nat({ max: real.length - 1 }), fc.nat({ max: 255 })), {
            minLength: 1,
            maxLength: 4,
          })
          .map((changes) => {
            const bytes = Buffer.from(real);
            for (const [at, value] of changes) bytes[at] = value;
            return bytes;
          }),
      ),
      fc.array(fc.nat({ max: 3000 }), { maxLength: 5 }),
      (bytes, cuts) => {
        assert.deepEqual(read(bytes, cuts), read(bytes));
        const reader = new ClientHelloReader();
        let taken = 0;
        const filler = Buffer.concat([bytes, inRecords(Buffer.alloc(3 * MAX_CLIENT_HELLO_BYTES, 1), 16_000)]);
        for (let at = 0; at < filler.length; at += 1000) {
          if (reader.push(filler.subarray(at, at + 1000)).is !== 'incomplete') break;
          taken = at + 1000;
        }
        assert.ok(taken <= 2 * MAX_CLIENT_HELLO_BYTES + 1000);
      },
    ),
  );
});
