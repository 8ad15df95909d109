import assert from 'node:assert/strict';
import { chmod, cp } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Pair, startPair } from '../rig/pair.ts';

const refusals = (pair: Pair, code: string) =>
  pair.logged.filter(({ event, code: its }) => event === 'session-failed' && its === code);

test('sessions beyond the rate limit are asked to retry later, and do', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({
    targets: {},
    agents: { a1: 'dc1' },
    gateway: { tunnel: { acceptRate: 1 } },
  });
  const busy = refusals(pair, 'TOO_MANY_REQUESTS');
  assert.ok(busy.length >= 1);
  for (const { retryIn } of busy) assert.ok(Number(retryIn) >= 1_000 && Number(retryIn) <= 6_000);
});

test('an agent that requests too many sessions keeps the admitted ones and retries', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({
    targets: {},
    agents: {},
    gateway: { tunnel: { sessionsPerAgent: 2 } },
    agent: { gateway: { sessions: 3 } },
  });
  const daemon = await pair.startAgent('a1');
  const refused = () => pair.logged.filter(({ event }) => event === 'session-refused').length;
  await eventually('four tries in vain', () => refused() >= 4);
  // It has what it can get: nothing is missing, and nothing is logged for each try.
  assert.deepEqual(daemon.status().sessions, { wanted: 2, ready: 2 });
  assert.equal(pair.logged.filter(({ event }) => event === 'sessions-limited').length, 1);
  assert.ok(refusals(pair, 'LIMIT_EXCEEDED').length <= 1);
  const { state } = await pair.api('GET /agents/a1');
  assert.equal(state, 'connected');
});

test('an agent at its session limit can still replace its sessions', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({
    targets: {},
    agents: { a1: 'dc1' },
    gateway: { tunnel: { sessionsPerAgent: 2 } },
  });
  const opened = () => pair.logged.filter(({ event }) => event === 'session-opened').length;
  assert.equal(opened(), 2);
  const proxy = { proxy: 'env' };
  pair.agents.get('a1')?.apply(pair.agentConfig('a1', { version: 2, gateway: proxy }));
  await eventually('two successors', () => opened() === 4);
  await pair.connected('a1');
  assert.equal(refusals(pair, 'LIMIT_EXCEEDED').length, 0);
});

test('sessions of a killed agent are removed within the ping timeout', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({
    targets: {},
    agents: {},
    gateway: { tunnel: { sessionsPerAgent: 2 } },
  });
  await pair.startAgent('a1');
  await pair.connected('a1');
  // A second process with the identity of the first, as after a crash that was not detected yet.
  const first = pair.agents.get('a1');
  const identity = { directory: join(pair.directory, 'copy') };
  await cp(join(pair.directory, 'a1', 'current.pem'), join(identity.directory, 'current.pem'));
  await chmod(identity.directory, 0o700);
  const second = await pair.startAgent('a1', { identity });
  await eventually('it to be refused', () => refusals(pair, 'LIMIT_EXCEEDED').length >= 2);
  await first?.stop();
  await pair.connected('a1');
  assert.equal(second.status().sessions.ready, 2);
});
