import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, Socket } from 'node:net';
import { test } from 'node:test';
import { eventually } from '../../test/rig/eventually.ts';
import { expectNoLeaks } from '../../test/rig/leaks.ts';
import { listenOnLoopback, ServerSockets } from '../../test/rig/server-sockets.ts';
import { startUnresponsive } from '../../test/rig/unresponsive.ts';
import { unusedPort } from '../../test/rig/unused-port.ts';
import { abandonSocket, raceConnect } from '../src/race-connect.ts';

const { signal: never } = new AbortController();
const v4 = (...addresses: string[]) => addresses.map((address) => ({ address, family: 4 }));

/** Accepts on loopback, and reports how each connection ended. */
async function startServer() {
  const sockets = new ServerSockets();
  const ends: string[] = [];
  const server = createServer((socket) => {
    sockets.adopt(socket);
    socket.once('end', () => ends.push('fin'));
    socket.once('error', ({ message }) => ends.push(message.includes('ECONNRESET') ? 'reset' : message));
    socket.resume();
  });
  const { port } = await listenOnLoopback(server);
  return { port, ends, [Symbol.asyncDispose]: () => sockets.endWith(server) };
}

/** Attempts whose sockets connect only when the test says so. Fake: nothing goes over the network. */
function fakeAttempts() {
  const started: { readonly address: string; readonly socket: Socket }[] = [];
  const connectTo = (address: string) => {
    const attempt = { address, socket: new Socket() };
    started.push(attempt);
    return attempt;
  };
  return { started, connectTo };
}

test('a dead address does not prevent a connection to the next one, and stays open until that is made', async () => {
  await using _leaks = expectNoLeaks();
  await using silent = await startUnresponsive();
  await using server = await startServer();
  const sockets: Socket[] = [];
  const connectTo = (host: string) => {
    const port = host === '127.0.0.1' ? silent.address.port : server.port;
    const socket = connect({ host: '127.0.0.1', port });
    sockets.push(socket);
    return { socket };
  };
  const { socket } = await raceConnect(v4('127.0.0.1', '127.0.0.2'), connectTo, { signal: never });
  assert.equal(socket.remotePort, server.port);
  assert.equal(sockets.length, 2);
  await eventually('the other attempt to be closed', () => sockets[0]?.destroyed === true);
  assert.deepEqual(
    socket.eventNames().filter((name) => name === 'error' || name === 'connect'),
    [],
  );
  socket.destroy();
});

test('an earlier attempt wins if it answers after later ones have started', async () => {
  const { started, connectTo } = fakeAttempts();
  const race = raceConnect(v4('192.0.2.1', '192.0.2.2', '192.0.2.3'), connectTo, { signal: never });
  await eventually('three attempts', () => started.length === 3);
  assert.ok(started.every(({ socket }) => !socket.destroyed));
  started[0]?.socket.emit('connect');
  assert.equal((await race).address, '192.0.2.1');
  assert.equal(started[0]?.socket.destroyed, false);
  await eventually('the others to be closed', () => started.slice(1).every(({ socket }) => socket.destroyed));
  started[0]?.socket.destroy();
});

test('families alternate, beginning with the one that the resolver prefers', async () => {
  const { started, connectTo } = fakeAttempts();
  const addresses = [
    { address: '2001:db8::1', family: 6 },
    { address: '2001:db8::2', family: 6 },
    { address: '192.0.2.1', family: 4 },
    { address: '192.0.2.2', family: 4 },
    { address: '192.0.2.3', family: 4 },
  ];
  const race = raceConnect(addresses, connectTo, { signal: never });
  const failure = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  // Each failure starts the next attempt immediately.
  for (let index = 0; index < addresses.length; index += 1) started[index]?.socket.emit('error', failure);
  await assert.rejects(race, (error: unknown) => {
    assert.ok(error instanceof AggregateError);
    assert.equal(error.errors.length, addresses.length);
    return true;
  });
  assert.deepEqual(
    started.map(({ address }) => address),
    ['2001:db8::1', '192.0.2.1', '2001:db8::2', '192.0.2.2', '192.0.2.3'],
  );
  assert.ok(started.every(({ socket }) => socket.destroyed));
});

test('a name with many addresses opens a limited number of sockets at a time', async () => {
  const { started, connectTo } = fakeAttempts();
  const cancel = new AbortController();
  const addresses = v4(...Array.from({ length: 40 }, (_, index) => `192.0.2.${index}`));
  const race = raceConnect(addresses, connectTo, { signal: cancel.signal });
  await eventually('16 attempts', () => started.length === 16, { within: 20_000 });
  started[3]?.socket.emit('error', new Error('test'));
  assert.equal(started.length, 17);
  cancel.abort(new Error('enough'));
  await assert.rejects(race, { message: 'enough' });
  await eventually('all to be closed', () => started.every(({ socket }) => socket.destroyed));
});

test('a single failure is thrown as it is, and no address is one', async () => {
  const port = await unusedPort();
  const connectTo = (host: string) => ({ socket: connect({ host, port }) });
  await assert.rejects(raceConnect(v4('127.0.0.1'), connectTo, { signal: never }), { code: 'ECONNREFUSED' });
  await assert.rejects(raceConnect([], connectTo, { signal: never }), /no address/);
  const aborted = AbortSignal.abort(new Error('before'));
  await assert.rejects(raceConnect(v4('127.0.0.1'), connectTo, { signal: aborted }), { message: 'before' });
});

test('a peer of an abandoned dial sees a reset, even if the kernel has connected before Node knows', async () => {
  await using _leaks = expectNoLeaks();
  await using server = await startServer();
  for (let round = 0; round < 20; round += 1) {
    const cancel = new AbortController();
    const connectTo = (host: string) => ({ socket: connect({ host, port: server.port }) });
    const race = raceConnect(v4('127.0.0.1'), connectTo, { signal: cancel.signal });
    // The socket connects in the next tick; the poll that would report it has not happened yet.
    process.nextTick(() => cancel.abort(new Error('cancelled')));
    await assert.rejects(race, { message: 'cancelled' });
  }
  await eventually('all ends', () => server.ends.length === 20);
  assert.deepEqual(new Set(server.ends), new Set(['reset']));
});

test('a socket that is connected already is reset', async () => {
  await using _leaks = expectNoLeaks();
  await using server = await startServer();
  const socket = connect({ host: '127.0.0.1', port: server.port });
  await once(socket, 'connect');
  abandonSocket(socket);
  await eventually('the end', () => server.ends.length === 1);
  assert.deepEqual(server.ends, ['reset']);
});
