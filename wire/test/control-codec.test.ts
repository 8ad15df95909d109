import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { agentMessageDecoder, encodeMessage, gatewayMessageDecoder } from '../src/codec.ts';
import { type AgentMessage, type GatewayMessage, limits, TunnelError } from '../src/index.ts';

const open: GatewayMessage = {
  type: 'open',
  id: 'a-1',
  connector: 'orders-db',
  connection: 'orders',
  client: '10.0.0.9',
  deadline: 5000,
};
const failed = (detail: string): AgentMessage => ({
  type: 'open-failed',
  id: 'a-1',
  code: 'REFUSED',
  detail,
});

const isProtocolError = (error: unknown) => error instanceof TunnelError && error.code === 'PROTOCOL_ERROR';
const refuses = (bytes: Buffer | string) =>
  assert.throws(() => agentMessageDecoder().push(Buffer.from(bytes)), isProtocolError);

/** Cuts bytes into pieces of the given lengths, over and over; the rest is one piece. */
function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let start = 0;
  for (const length of lengths) {
    if (start >= bytes.length) break;
    pieces.push(bytes.subarray(start, start + length));
    start += length;
  }
  if (start < bytes.length) pieces.push(bytes.subarray(start));
  return pieces;
}

const chunkLengths = fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 300 });
const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
const count = fc.nat();
const agentMessage: fc.Arbitrary<AgentMessage> = fc.oneof(
  fc.record({
    type: fc.constant('open-failed' as const),
    id,
    code: fc.constantFrom('REFUSED' as const, 'DNS_FAILED' as const),
    detail: fc.string({ unit: 'grapheme', maxLength: 100 }),
  }),
  fc.record({
    type: fc.constant('result' as const),
    id,
    ok: fc.boolean(),
    value: fc.jsonValue() as fc.Arbitrary<unknown>,
  }),
  fc.constant({ type: 'draining' as const }),
  fc.record({ type: fc.constant('goodbye' as const), reason: fc.string({ maxLength: 256 }) }),
  fc.record({
    type: fc.constant('heartbeat' as const),
    seq: count,
    sentAt: fc.integer(),
    eventLoop: fc.record({ p99Ms: fc.nat(), maxMs: fc.nat() }),
    streams: fc.record({ open: count, opening: count }),
    identity: fc.record({ notAfter: fc.integer() }),
    checks: fc.constant<[]>([]),
  }),
);

test('messages come out as they went in, however the bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(agentMessage, { maxLength: 20 }), chunkLengths, (messages, lengths) => {
      const decoder = agentMessageDecoder();
      const bytes = Buffer.concat(messages.map(encodeMessage));
      const decoded = cut(bytes, lengths).flatMap((piece) => {
        // The caller uses its buffer again.
        const borrowed = Buffer.from(piece);
        const found = decoder.push(borrowed);
        borrowed.fill(0);
        return found;
      });
      assert.deepEqual(JSON.parse(JSON.stringify(decoded)), JSON.parse(JSON.stringify(messages)));
    }),
  );
});

test('garbage yields only messages of known types or PROTOCOL_ERROR', () => {
  const garbage = fc.oneof(
    fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes)),
    fc.json().map((text) => Buffer.from(`${text}\n`)),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(`${text}\n`)),
    agentMessage.map(encodeMessage),
    fc
      .constantFrom('\n', '{}\n', '[]\n', 'null\n', '{"type":"open-failed"}\n', '{"type":1}\n')
      .map(Buffer.from),
  );
  fc.assert(
    fc.property(fc.array(garbage, { maxLength: 10 }), chunkLengths, (pieces, lengths) => {
      const decoder = agentMessageDecoder();
      try {
        for (const piece of cut(Buffer.concat(pieces), lengths)) {
          for (const { type } of decoder.push(piece)) assert.equal(typeof type, 'string');
        }
      } catch (error) {
        assert.ok(isProtocolError(error), String(error));
      }
    }),
  );
});

test('no mutation of a message gets past the schema as something else', () => {
  const original = encodeMessage(open);
  fc.assert(
    fc.property(fc.nat({ max: original.length - 2 }), fc.integer({ min: 0, max: 255 }), (at, byte) => {
      const bytes = Buffer.from(original);
      bytes[at] = byte;
      try {
        for (const message of gatewayMessageDecoder().push(bytes)) {
          assert.equal(message.type, 'open');
          if (message.type === 'open') assert.ok(message.deadline >= 1 && message.deadline <= 600_000);
        }
      } catch (error) {
        assert.ok(isProtocolError(error), String(error));
      }
    }),
  );
});

test('a line of exactly the limit passes, in one piece or many; one byte more does not', () => {
  const wrapped = (length: number) => {
    const frame = '{"type":"draining","pad":""}\n'.length;
    return Buffer.from(`{"type":"draining","pad":"${'x'.repeat(length - frame)}"}\n`);
  };
  const longest = wrapped(limits.controlMessageBytes);
  assert.equal(longest.length, limits.controlMessageBytes);
  assert.equal(agentMessageDecoder().push(longest).length, 1);
  const decoder = agentMessageDecoder();
  for (const byte of longest.subarray(0, -1)) assert.deepEqual(decoder.push(Buffer.from([byte])), []);
  assert.equal(decoder.push(Buffer.from('\n')).length, 1);
  refuses(wrapped(limits.controlMessageBytes + 1));
});

test('a line without an end is refused before it is kept', () => {
  const decoder = agentMessageDecoder();
  const piece = Buffer.alloc(1024, 'x');
  let taken = 0;
  assert.throws(() => {
    for (; taken < 10 * limits.controlMessageBytes; taken += piece.length) decoder.push(piece);
  }, isProtocolError);
  assert.equal(taken, limits.controlMessageBytes - piece.length);
});

test('what is not a message is refused', () => {
  for (const line of [
    '',
    ' ',
    'null',
    '[]',
    '"draining"',
    '{}',
    '{"type":null}',
    '{"type":"draining"',
    `${'['.repeat(30_000)}`,
    '{"type":"goodbye"}',
    '{"type":"open-failed","id":"a","code":"NO_SUCH_CODE","detail":""}',
    '{"type":"open-failed","id":"a/b","code":"REFUSED","detail":""}',
    `{"type":"open-failed","id":"a","code":"REFUSED","detail":"${'x'.repeat(1025)}"}`,
    '{"type":"heartbeat","seq":-1}',
  ]) {
    refuses(`${line}\n`);
  }
  refuses(Buffer.from([0x22, 0xff, 0xfe, 0x22, 0x0a]));
});

test('unknown types are counted and ignored, unknown fields only ignored', () => {
  const decoder = agentMessageDecoder();
  const lines =
    '{"type":"constructor"}\n{"type":"from-the-future"}\n{"type":"draining","why":"a newer agent"}\n';
  assert.deepEqual(
    decoder.push(Buffer.from(lines)).map(({ type }) => type),
    ['draining'],
  );
  assert.equal(decoder.unknown, 2);
});

test('each side ignores messages that only it may send', () => {
  const atAgent = gatewayMessageDecoder();
  assert.deepEqual(atAgent.push(encodeMessage(open)), [open]);
  assert.deepEqual(atAgent.push(encodeMessage(failed('no'))), []);
  const atGateway = agentMessageDecoder();
  assert.deepEqual(atGateway.push(encodeMessage(failed('no'))), [failed('no')]);
  assert.deepEqual(atGateway.push(encodeMessage(open)), []);
  assert.deepEqual([atAgent.unknown, atGateway.unknown], [1, 1]);
});

test('a message that does not fit is our own fault', () => {
  const value = 'x'.repeat(limits.controlMessageBytes);
  assert.throws(
    () => encodeMessage({ type: 'result', id: 'a', ok: true, value }),
    (error) => error instanceof TunnelError && error.code === 'INTERNAL',
  );
});

test('an upgrade status with states and codes of a newer release is accepted, and its lists are bounded', () => {
  const status = (overrides: object) =>
    `${JSON.stringify({
      type: 'upgrade-status',
      upgrade: {
        upgrader: 'host',
        policy: 'window',
        state: 'idle',
        since: 0,
        installed: ['1.2.3'],
        failed: [],
        ...overrides,
      },
    })}\n`;
  const accepted = agentMessageDecoder().push(
    Buffer.from(status({ state: 'from-the-future', code: 'FROM_THE_FUTURE' })),
  );
  assert.equal(accepted.length, 1);
  refuses(status({ installed: Array(limits.reportedVersions + 1).fill('1.2.3') }));
  for (const version of ['1.2', '01.2.3', '1.2.3/../../x', '1.2.3-', `1.2.3-${'a'.repeat(41)}`, '']) {
    refuses(status({ installed: [version] }));
  }
});

test('a stage and a policy of a newer agent do not cost it its session', () => {
  const stage = { stage: 'from-the-future', verdict: 'ok' };
  const policy = { logs: 'ask', restart: 'allow', probe: 'few', upgrade: 'allow' };
  const config = { version: 1, digest: `sha256:${'0'.repeat(64)}` };
  const messages = [
    { type: 'progress', id: 'r1', stage },
    { type: 'config', config, connectors: [], policy },
  ];
  const text = messages.map((message) => `${JSON.stringify(message)}\n`).join('');
  assert.equal(agentMessageDecoder().push(Buffer.from(text)).length, 2);
});

test('an acknowledgment of no connection is valid in both directions: a keepalive', () => {
  const keepalive = { type: 'received', connections: [] } as const;
  for (const decoder of [agentMessageDecoder(), gatewayMessageDecoder()])
    assert.deepEqual(decoder.push(encodeMessage({ ...keepalive, connections: [] })), [keepalive]);
});
