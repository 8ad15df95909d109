import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { deadline } from '../../../test/rig/deadline.ts';
import { type ApiRig, apiRig } from './api-rig.ts';

const HOST = '127.0.0.1';
/** As many connections without an authenticated request as there may be. */
const STRANGERS = 128;

async function listen(api: ApiRig): Promise<number> {
  await api.app.listen({ host: HOST, port: 0 });
  return (api.app.server.address() as AddressInfo).port;
}

async function open(port: number, localAddress = HOST): Promise<Socket> {
  const socket = connect({ port, host: HOST, localAddress });
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

const closed = (socket: Socket, what: string) =>
  deadline(what, new Promise<void>((resolve) => socket.resume().once('close', () => resolve())), 15_000);

const slow = {
  'sends nothing': '',
  'stops within its headers': 'GET /healthz HTTP/1.1\r\nHost: gateway\r\n',
  'stops within its body, without a token':
    'POST /api/v1/grants HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
};

for (const [what, bytes] of Object.entries(slow)) {
  test(`a client that ${what} is closed at the timeout of requests`, async () => {
    await using api = await apiRig();
    const { server } = api.app;
    assert.deepEqual([server.headersTimeout, server.requestTimeout], [10_000, 10_000]);
    Object.assign(server, { headersTimeout: 100, requestTimeout: 100 });
    const socket = await open(await listen(api));
    socket.write(bytes);
    await closed(socket, 'the slow client to be closed');
  });
}

test('strangers have a limited number of connections, and the largest source loses its oldest', async () => {
  await using api = await apiRig();
  const port = await listen(api);
  const other = await open(port, '127.0.0.2');
  const flood: Socket[] = [];
  for (let count = 0; count < STRANGERS - 1; count += 1) flood.push(await open(port));
  const lost = closed(flood[0] as Socket, 'the oldest of the flood to be closed');
  flood.push(await open(port));
  await lost;
  assert.equal(other.destroyed, false);
  other.write('GET /healthz HTTP/1.1\r\nHost: gateway\r\n\r\n');
  const [answer] = await deadline('an answer for the other source', once(other, 'data'));
  assert.match(String(answer), /^HTTP\/1\.1 200/);
  for (const socket of [other, ...flood]) socket.destroy();
});

test('a connection whose request was authenticated is not closed for strangers', async () => {
  await using api = await apiRig();
  const port = await listen(api);
  const known = await open(port);
  known.write(
    `GET /api/v1/events HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer ${api.tokens.viewer}\r\n\r\n`,
  );
  await deadline('the stream to start', once(known, 'data'));
  const flood: Socket[] = [];
  for (let count = 0; count < STRANGERS; count += 1) flood.push(await open(port));
  const lost = closed(flood[0] as Socket, 'the oldest of the flood to be closed');
  flood.push(await open(port));
  await lost;
  assert.equal(known.destroyed, false);
  for (const socket of [known, ...flood]) socket.destroy();
});
