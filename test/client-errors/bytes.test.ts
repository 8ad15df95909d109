import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import type { ConnectorKind } from '@penstock/config-schema';
import { TestClient } from '../rig/client.ts';
import { deadline } from '../rig/deadline.ts';
import type { Pair } from '../rig/pair.ts';
import { REFUSED, startRefusingPair } from './refusing-pair.ts';

const stack = new AsyncDisposableStack();
let pair: Pair;
before(async () => {
  pair = stack.use(await startRefusingPair());
});
after(() => stack.disposeAsync());

const packet = (code: number, rest = Buffer.alloc(0)): Buffer => {
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + rest.length, 0);
  head.writeInt32BE(code, 4);
  return Buffer.concat([head, rest]);
};
const SSL_REQUEST = packet(80_877_103);
const GSS_REQUEST = packet(80_877_104);
const CANCEL_REQUEST = packet(80_877_102, Buffer.alloc(8));
const STARTUP = packet(196_608, Buffer.from('user\0app\0\0'));

const connect = (kind: ConnectorKind) =>
  TestClient.connect({ host: '127.0.0.1', port: pair.port(kind), localAddress: '127.0.0.1' });

/** Everything up to FIN; rejects when the connection is reset. */
async function toEnd(client: TestClient): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const read = async () => {
    for await (const chunk of client.socket) chunks.push(chunk as Buffer);
  };
  await deadline('the error', read());
  return Buffer.concat(chunks);
}

/** Nothing of the private network may be in what a client is told. */
function expectNothingPrivate(text: string): void {
  assert.doesNotMatch(text, /127\.0\.0\.1|\ba1\b|dc1|ECONN/);
}

test('PostgreSQL: a StartupMessage is answered with an ErrorResponse, regardless of preceding messages', async () => {
  const paths = [[], [SSL_REQUEST], [GSS_REQUEST], [GSS_REQUEST, SSL_REQUEST], [SSL_REQUEST, GSS_REQUEST]];
  for (const requests of paths) {
    await using client = await connect('postgresql');
    for (const request of requests) {
      client.send(request);
      assert.equal(String(await client.read(1)), 'N');
    }
    client.send(STARTUP);
    const answer = await toEnd(client);
    const text = answer.toString('latin1');
    assert.equal(text[0], 'E');
    assert.equal(answer.readInt32BE(1), answer.length - 1);
    assert.match(
      text,
      /SFATAL\0VFATAL\0C08001\0MThe target refused the connection\. \(Penstock: REFUSED\)\0H/,
    );
    assert.match(text, /connection explain postgresql/);
    expectNothingPrivate(text);
  }
});

test('PostgreSQL: one byte at a time, and everything at once', async () => {
  await using slow = await connect('postgresql');
  for (const byte of STARTUP) slow.send(Buffer.from([byte]));
  assert.match(String(await toEnd(slow)), REFUSED);
  await using fast = await connect('postgresql');
  fast.finish(STARTUP);
  assert.match(String(await toEnd(fast)), REFUSED);
});

test('PostgreSQL: a CancelRequest is closed without an answer', async () => {
  await using client = await connect('postgresql');
  client.send(CANCEL_REQUEST);
  assert.deepEqual(await toEnd(client), Buffer.alloc(0));
});

test('PostgreSQL: a client of another protocol is reset', async () => {
  for (const bytes of ['GET / HTTP/1.1\r\n\r\n', Buffer.alloc(64, 0xff), packet(80_877_999)]) {
    await using client = await connect('postgresql');
    client.send(bytes);
    assert.equal((await client.receive()).ended, 'reset');
  }
});

test('MySQL: an ERR packet comes in place of the greeting, without SQLSTATE', async () => {
  await using client = await connect('mysql');
  const answer = await toEnd(client);
  assert.equal(answer.readUIntLE(0, 3), answer.length - 4);
  assert.deepEqual([answer[3], answer[4], answer.readUInt16LE(5)], [0, 0xff, 1105]);
  const text = answer.toString('latin1', 7);
  assert.match(text, /^Penstock: REFUSED: The target refused the connection\./);
  assert.match(text, /connection explain mysql/);
  expectNothingPrivate(text);
});

test('Redis: the first command is answered with an error', async () => {
  for (const command of ['*1\r\n$4\r\nPING\r\n', 'PING\r\n', '*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n']) {
    await using client = await connect('redis');
    client.send(command);
    const text = String(await toEnd(client));
    assert.match(text, /^-ERR Penstock: REFUSED: The target refused the connection\.[^\r\n]*\r\n$/);
    expectNothingPrivate(text);
  }
});

/** `{NAME: 1, $db: 'admin'}` in BSON. */
const command = (name: string) => {
  const body = Buffer.from(`\x10${name}\0\x01\0\0\0\x02$db\0\x06\0\0\0admin\0\0`, 'latin1');
  const length = Buffer.alloc(4);
  length.writeInt32LE(body.length + 4);
  return Buffer.concat([length, body]);
};
const mongodbMessage = (opCode: number, head: Buffer, body: Buffer) => {
  const header = Buffer.alloc(16);
  header.writeInt32LE(16 + head.length + body.length, 0);
  header.writeInt32LE(77, 4);
  header.writeInt32LE(opCode, 12);
  return Buffer.concat([header, head, body]);
};

test('MongoDB: hello is answered with OP_MSG, isMaster with OP_REPLY, both with ok: 0', async () => {
  const query = Buffer.concat([
    Buffer.alloc(4),
    Buffer.from('admin.$cmd\0'),
    Buffer.alloc(4),
    Buffer.from([255, 255, 255, 255]),
  ]);
  const cases = [
    { request: mongodbMessage(2013, Buffer.alloc(5), command('hello')), opCode: 2013, head: 5 },
    { request: mongodbMessage(2004, query, command('ismaster')), opCode: 1, head: 20 },
  ];
  for (const { request, opCode, head } of cases) {
    await using client = await connect('mongodb');
    client.send(request);
    const answer = await toEnd(client);
    assert.equal(answer.readInt32LE(0), answer.length);
    assert.deepEqual([answer.readInt32LE(8), answer.readInt32LE(12)], [77, opCode]);
    const document = answer.subarray(16 + head);
    assert.equal(document.readInt32LE(0), document.length);
    const text = document.toString('latin1');
    assert.ok(text.includes(`\x01ok\0${'\0'.repeat(8)}\x02errmsg\0`));
    assert.match(text, /Penstock: REFUSED: The target refused/);
    assert.ok(text.includes('\x10code\0\x06\0\0\0\x02codeName\0\x10\0\0\0HostUnreachable\0'));
    expectNothingPrivate(text);
  }
});

test('HTTP: a request is answered with a problem document, HEAD without its body', async () => {
  await using get = await connect('http');
  get.send('GET /path HTTP/1.1\r\nhost: db\r\n\r\n');
  const [head = '', body = ''] = String(await toEnd(get)).split('\r\n\r\n');
  assert.match(head, /^HTTP\/1\.1 502 Bad Gateway\r\ncontent-type: application\/problem\+json\r\n/);
  const { code, status, detail } = JSON.parse(body) as Record<string, unknown>;
  assert.deepEqual([code, status], ['REFUSED', 502]);
  assert.match(String(detail), REFUSED);
  expectNothingPrivate(head + body);
  await using only = await connect('http');
  only.send('HEAD / HTTP/1.0\r\n\r\n');
  assert.match(String(await toEnd(only)), /^HTTP\/1\.1 502 .*\r\n\r\n$/s);
});

/** The response to a request over HTTP/2, from Node's client. */
async function requestHttp2(
  headers: OutgoingHttpHeaders,
): Promise<{ headers: IncomingHttpHeaders; body: string }> {
  const session = connectHttp2(`http://127.0.0.1:${pair.port('http')}`);
  try {
    const stream = session.request(headers);
    stream.end();
    const [response] = (await deadline('the response', once(stream, 'response'))) as [IncomingHttpHeaders];
    return { headers: response, body: await deadline('the body', text(stream)) };
  } finally {
    session.destroy();
  }
}

test('HTTP/2: the first request is answered with the same problem document, of gRPC with its status', async () => {
  const get = await requestHttp2({ ':path': '/path' });
  assert.equal(get.headers[':status'], 502);
  const { code, status, detail } = JSON.parse(get.body) as Record<string, unknown>;
  assert.deepEqual([code, status], ['REFUSED', 502]);
  assert.match(String(detail), REFUSED);
  const head = await requestHttp2({ ':method': 'HEAD', ':path': '/' });
  assert.deepEqual([head.headers[':status'], head.body], [502, '']);
  for (const type of ['application/grpc', 'application/grpc+proto']) {
    const called = await requestHttp2({
      ':method': 'POST',
      ':path': '/pkg.Service/Method',
      'content-type': type,
    });
    assert.deepEqual(
      [called.headers[':status'], called.headers['grpc-status'], called.body],
      [200, '14', ''],
    );
    assert.match(
      String(called.headers['grpc-message']),
      /^Penstock: REFUSED: The target refused the connection\./,
    );
    expectNothingPrivate(JSON.stringify(called.headers));
  }
  await using slow = await connect('http');
  for (const byte of Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')) slow.send(Buffer.from([byte]));
  // HEADERS without END_HEADERS, then CONTINUATION with it: `:method GET`, `:path /`.
  slow.send(Buffer.from([0, 0, 1, 1, 1, 0, 0, 0, 1, 0x82, 0, 0, 1, 9, 4, 0, 0, 0, 1, 0x84]));
  assert.match(String(await toEnd(slow)), /"code":"REFUSED"/);
  await using flood = await connect('http');
  const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
  flood.send(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), ...Array(100).fill(settings)]));
  await assert.rejects(toEnd(flood));
  await using other = await connect('http');
  other.send('PRI * HTTP/3.0\r\n\r\nSM\r\n\r\n');
  await assert.rejects(toEnd(other));
});

test('a client that starts with TLS, which the gateway has no certificate for, gets an alert', async () => {
  for (const kind of ['postgresql', 'mongodb', 'redis', 'http', 'sqlserver'] as const) {
    await using client = await connect(kind);
    client.send(Buffer.from([22, 3, 1, 0, 200, 1]));
    assert.deepEqual([...(await toEnd(client))], [21, 3, 3, 0, 2, 2, 80], kind);
  }
});
