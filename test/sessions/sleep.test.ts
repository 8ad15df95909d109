import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@penstock/runtime';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startPair } from '../rig/pair.ts';
import { Relay } from '../rig/relay.ts';

const HOUR = 3_600_000;

/** The system clock of a host whose sleep the test simulates. */
function sleepyClock() {
  let slept = 0;
  return {
    clock: { ...systemClock, wall: () => Date.now() + slept },
    sleep: () => {
      slept += HOUR;
    },
  };
}

test('after a sleep of the host, dead sessions are detected and replaced without delay', async () => {
  await using _leaks = expectNoLeaks();
  const { clock, sleep } = sleepyClock();
  const never = { pingInterval: '10m', pingTimeout: '1s', reconnect: { base: '10m', max: '1h' } };
  await using pair = await startPair({ targets: {}, agents: {}, agent: { tunnel: never }, clock });
  await using relay = await Relay.start({ host: '127.0.0.1', port: pair.gateway.tunnel.port });
  await pair.startAgent('a1', { gateway: { url: `https://127.0.0.1:${relay.address.port}` } });
  await pair.connected('a1');
  relay.blackHole();
  const ended = pair.event('session-ended');
  sleep();
  await pair.event('host-slept', { past: true });
  await ended;
  await relay.restore();
  sleep();
  await pair.connected('a1');
  assert.equal(pair.agents.get('a1')?.status().sessions.ready, 2);
});

test('sessions that survive a sleep of the host stay in use', async () => {
  await using _leaks = expectNoLeaks();
  const { clock, sleep } = sleepyClock();
  await using pair = await startPair({ targets: {}, agents: { a1: 'dc1' }, clock });
  await using relay = await Relay.start({ host: '127.0.0.1', port: pair.gateway.tunnel.port });
  pair.agents
    .get('a1')
    ?.apply(
      pair.agentConfig('a1', { version: 2, gateway: { url: `https://127.0.0.1:${relay.address.port}` } }),
    );
  await eventually('two sessions through the relay', () => relay.open === 2);
  await pair.connected('a1');
  const { down } = relay.bytes;
  sleep();
  await pair.event('host-slept', { past: true });
  await eventually('the answers to two pings', () => relay.bytes.down >= down + 2 * 17);
  await pair.connected('a1');
  assert.equal(pair.logged.filter(({ event }) => event === 'session-ended').length, 0);
});
