import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestClient } from '../rig/client.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { Relay } from '../rig/relay.ts';
import { startEcho } from '../rig/targets.ts';

const connect = (pair: Pair) => TestClient.connect({ host: '127.0.0.1', port: pair.port('echo') });
const count = (pair: Pair, event: string) => pair.logged.filter((entry) => entry.event === event).length;

/** One agent, and six clients on its sessions. */
async function start(target: number, sessions: number) {
  const pair = await startPair({
    targets: { echo: target },
    agents: { a1: 'dc1' },
    agent: { gateway: { sessions } },
  });
  const clients = await Promise.all([1, 2, 3, 4, 5, 6].map(() => connect(pair)));
  const daemon = pair.agents.get('a1');
  assert.ok(daemon);
  const echoed = async (text: string) => {
    for (const client of clients) assert.equal(await client.echo(text), text);
  };
  await echoed('at first');
  return {
    pair,
    daemon,
    echoed,
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client[Symbol.asyncDispose]();
      await pair[Symbol.asyncDispose]();
    },
  };
}

test('a reload changes the number of sessions without cutting a connection', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using at = await start(echo.address.port, 2);
  for (const [index, sessions] of [4, 1, 2].entries()) {
    at.daemon.apply(at.pair.agentConfig('a1', { version: index + 2, gateway: { sessions } }));
    await at.pair.connected('a1');
    assert.deepEqual(at.daemon.status().sessions, { wanted: sessions, ready: sessions });
    await at.echoed(`with ${sessions} sessions`);
  }
  assert.equal(count(at.pair, 'session-lost'), 0);
});

test('a changed route to the gateway is used by new sessions first, and no connection is cut', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using at = await start(echo.address.port, 2);
  await using relay = await Relay.start({ host: '127.0.0.1', port: at.pair.gateway.tunnel.port });
  const gateway = { url: `https://127.0.0.1:${relay.address.port}` };
  at.daemon.apply(at.pair.agentConfig('a1', { version: 2, gateway }));
  await eventually('two sessions through the relay', () => relay.open === 2);
  await at.pair.connected('a1');
  await at.echoed('through the old sessions');
  await using later = await connect(at.pair);
  const { up } = relay.bytes;
  assert.equal(await later.echo('x'.repeat(10_000)), 'x'.repeat(10_000));
  assert.ok(relay.bytes.up >= up + 10_000, 'a new client goes the new way');
  assert.equal(count(at.pair, 'session-lost'), 0);
});

test('existing sessions stay in use when a changed route does not work', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using at = await start(echo.address.port, 1);
  const wrong = { pins: [`sha256/${'A'.repeat(43)}=`], sessions: 1 };
  at.daemon.apply(at.pair.agentConfig('a1', { version: 2, gateway: wrong }));
  await at.pair.event('gateway-untrusted', { past: true });
  await at.echoed('still');
  await using later = await connect(at.pair);
  assert.equal(await later.echo('and new ones'), 'and new ones');
  // The delay after it would be at least half a second, and 30 s by default. A reload ends it.
  at.daemon.apply(at.pair.agentConfig('a1', { version: 3, gateway: { sessions: 1 } }));
  await at.pair.connected('a1');
});

test('a corrected configuration is tried immediately, whatever the current delay', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({
    targets: {},
    agents: { a1: 'dc1' },
    agent: { tunnel: { reconnect: { base: '10m', max: '1h' } } },
  });
  const daemon = pair.agents.get('a1');
  assert.ok(daemon);
  const wrong = { pins: [`sha256/${'A'.repeat(43)}=`] };
  daemon.apply(pair.agentConfig('a1', { version: 2, gateway: wrong }));
  await eventually('both sessions to fail', () => count(pair, 'gateway-untrusted') === 2);
  daemon.apply(pair.agentConfig('a1', { version: 3 }));
  await pair.connected('a1');
});

test('a new name takes effect after a restart, and sessions keep the name of the certificate', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using at = await start(echo.address.port, 1);
  at.daemon.apply(at.pair.agentConfig('a1', { version: 2, name: 'renamed', gateway: { sessions: 2 } }));
  await at.pair.connected('a1');
  assert.equal(at.daemon.status().name, 'a1');
  assert.equal(count(at.pair, 'session-refused'), 0);
});
