import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientOf } from '../data-path/client-of.ts';
import { expectIdle } from '../data-path/idle.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { pseudorandomHash, pseudorandomStream } from '../rig/pseudorandom.ts';
import { Relay } from '../rig/relay.ts';
import { startSourceAndSink } from '../rig/targets.ts';

const MIB = 1024 * 1024;
const CLIENTS = 4;
const BYTES = 14 * MIB;
/** Of each connection between agent and gateway. */
const BYTES_PER_SECOND = 2 * MIB;
const TIMEOUT_MS = 120_000;

/** Sessions are added when a link has been congested, and measured, for seconds. */
const logged = (pair: Pair, event: string) =>
  eventually(event, () => pair.logged.find((entry) => entry.event === event), { within: TIMEOUT_MS });

for (const direction of ['down', 'up'] as const) {
  test(`an agent on a long link adds sessions for clients that wait for each other, which move to them: ${direction}`, async () => {
    await using _leaks = expectNoLeaks();
    await using target = await startSourceAndSink(direction === 'down' ? BYTES : 0, 1);
    await using pair = await startPair({ targets: { db: target.address.port }, agents: {} });
    await using relay = await Relay.start({ host: '127.0.0.1', port: pair.gateway.tunnel.port });
    relay.delay(10);
    // The agent is the client of the relay.
    relay.throttle(BYTES_PER_SECOND, direction === 'down' ? 'up' : 'down');
    const url = `https://127.0.0.1:${relay.address.port}`;
    await pair.startAgent('a1', { gateway: { url, sessions: 1, maxSessions: 3 } });
    await pair.connected('a1');
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => clientOf(pair, 'db')));
    const atClients = clients.map((client) => client.receive(TIMEOUT_MS));
    for (const [index, { socket }] of clients.entries())
      pseudorandomStream(direction === 'up' ? BYTES : 0, 2 + index).pipe(socket);
    assert.equal((await logged(pair, 'sessions-added'))['sessions'], 2);
    await logged(pair, 'connection-resumed');
    await eventually(
      'further sessions',
      () => pair.logged.filter(({ event }) => event === 'sessions-added').length > 1,
      {
        within: TIMEOUT_MS,
      },
    );
    const atTargets = await Promise.all(clients.map(() => target.received()));
    for (const received of await Promise.all(atClients))
      assert.deepEqual(received, {
        bytes: direction === 'down' ? BYTES : 0,
        sha256: pseudorandomHash(direction === 'down' ? BYTES : 0, 1),
        ended: 'fin',
      });
    const sent = clients.map((_, index) => pseudorandomHash(direction === 'up' ? BYTES : 0, 2 + index));
    assert.deepEqual(atTargets.map(({ sha256 }) => sha256).sort(), sent.sort());
    for (const client of clients) await client[Symbol.asyncDispose]();
    await expectIdle(pair);
  });
}

const obstacles = [
  { what: 'is allowed no further session', tunnel: { sessionsPerAgent: 1 }, reason: /sessionsPerAgent/ },
  {
    what: 'cannot connect a further session',
    tunnel: {},
    strike: (relay: Relay) => relay.refuse(),
    reason: /ECONNREFUSED/,
  },
];

for (const { what, tunnel, strike, reason } of obstacles) {
  test(`an agent that ${what} goes on with those that it has`, async () => {
    await using _leaks = expectNoLeaks();
    await using target = await startSourceAndSink(BYTES, 1);
    const gateway = { tunnel };
    await using pair = await startPair({ targets: { db: target.address.port }, agents: {}, gateway });
    await using relay = await Relay.start({ host: '127.0.0.1', port: pair.gateway.tunnel.port });
    relay.delay(10);
    relay.throttle(BYTES_PER_SECOND, 'up');
    const url = `https://127.0.0.1:${relay.address.port}`;
    const daemon = await pair.startAgent('a1', { gateway: { url, sessions: 1 } });
    await pair.connected('a1');
    strike?.(relay);
    const clients = [await clientOf(pair, 'db'), await clientOf(pair, 'db')];
    for (const { socket } of clients) socket.end();
    const atClients = clients.map((client) => client.receive(TIMEOUT_MS));
    const end = await logged(pair, 'sessions-removed');
    assert.equal(end['sessions'], 1);
    assert.match(String(end['reason']), reason);
    for (const { sha256 } of await Promise.all(atClients)) assert.equal(sha256, pseudorandomHash(BYTES, 1));
    assert.deepEqual(daemon.status().sessions, { wanted: 1, ready: 1 });
    assert.equal(pair.logged.filter(({ event }) => /^session-(failed|ended)$/.test(event)).length, 0);
    for (const client of clients) await client[Symbol.asyncDispose]();
    await expectIdle(pair);
  });
}
