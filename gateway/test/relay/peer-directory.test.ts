import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type OwnerMessage, type PeerSession, peerLimits } from '@penstock/cluster';
import { MAX_SLICE_ITEMS } from '@penstock/runtime';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { expectNoLeaks } from '../../../test/rig/leaks.ts';
import { PeerDirectory, type PeerDirectoryOptions } from '../../src/relay/peer-directory.ts';
import { quietDirectory } from './quiet-directory.ts';

const SESSIONS = 3 * MAX_SLICE_ITEMS;
const peer = { replica: { id: 'r2', epoch: 'e' }, send() {} } as unknown as PeerSession;

/** A peer that has described its sessions. `ended` counts those that the gateway has heard the end of. */
function setUp(limits: PeerDirectoryOptions['limits'] = peerLimits) {
  const clock = fakeClock();
  const waiting = new Set<() => void>();
  const afterPoll = (callback: () => void) => {
    waiting.add(callback);
    return () => void waiting.delete(callback);
  };
  /** What waits for the event loop runs, and what follows from it. */
  const turn = async () => {
    const due = [...waiting];
    waiting.clear();
    for (const callback of due) callback();
    await new Promise((resolve) => setImmediate(resolve));
  };
  const seen = { ended: 0, failed: 0 };
  const registry = {
    ended: () => {
      seen.ended += 1;
    },
  };
  const directory = new PeerDirectory({
    ...quietDirectory,
    registry: { ...quietDirectory.registry, ended: () => registry.ended() },
    onFailed: () => {
      seen.failed += 1;
    },
    clock: { ...clock, afterPoll },
    limits,
  });
  let seq = 0;
  const receive = (message: object) => directory.received({ ...message, seq: ++seq } as OwnerMessage);
  const describeOne = (index: number) =>
    receive({
      type: 'session',
      session: {
        id: `s${index}`,
        identity: { agentId: `a${index}`, name: `a${index}`, pool: 'dc1', organization: 'o' },
        state: 'ready',
        address: '127.0.0.1',
        openedAt: 0,
        load: 0,
        hello: {},
        connectors: 'k',
      },
    });
  const describe = (count: number) => {
    directory.opened(peer);
    receive({ type: 'snapshot', epoch: 'e' });
    receive({ type: 'connectors', key: 'k', connectors: [] });
    for (let index = 0; index < count; index += 1) describeOne(index);
    receive({ type: 'snapshot-end' });
  };
  describe(SESSIONS);
  return { clock, turn, waiting, directory, seen, registry, receive, describeOne, describe };
}

test('the sessions of a lost replica end in slices, so that no turn of the event loop has all of them', async () => {
  await using _leaks = expectNoLeaks();
  const { clock, turn, directory, seen } = setUp();
  directory.lost('silent');
  assert.equal(seen.ended, 0, 'it may come back');
  await clock.pass(2_000);
  assert.equal(seen.ended, MAX_SLICE_ITEMS);
  while (seen.ended < SESSIONS) {
    const before: number = seen.ended;
    await turn();
    assert.ok(seen.ended - before <= MAX_SLICE_ITEMS, `${seen.ended - before} in one turn`);
    assert.ok(seen.ended > before);
  }
});

test('a replica that comes back while its sessions end keeps those that are left', async () => {
  await using _leaks = expectNoLeaks();
  const { clock, turn, directory, seen, describe } = setUp();
  directory.lost('silent');
  await clock.pass(2_000);
  describe(SESSIONS);
  await turn();
  assert.equal(seen.ended, MAX_SLICE_ITEMS);
  assert.equal([...directory.sessions].length, SESSIONS);
});

test('sessions that a snapshot no longer has end in slices, and only they', async () => {
  await using _leaks = expectNoLeaks();
  const { turn, directory, seen, describe } = setUp();
  describe(SESSIONS - 2 * MAX_SLICE_ITEMS);
  assert.equal(seen.ended, MAX_SLICE_ITEMS);
  await turn();
  await turn();
  assert.equal(seen.ended, 2 * MAX_SLICE_ITEMS);
  const ids = [...directory.sessions].map(({ id }) => id);
  assert.deepEqual(
    ids,
    Array.from({ length: MAX_SLICE_ITEMS }, (_, index) => `s${index}`),
  );
});

for (const from of ['connected', 'lost', 'hiding', 'left', 'a shorter snapshot'] as const) {
  test(`when the gateway stops, every session has ended before the layers below are disposed: ${from}`, async () => {
    await using _leaks = expectNoLeaks();
    const { clock, turn, waiting, directory, seen, describe } = setUp();
    if (from === 'lost' || from === 'hiding') directory.lost('silent');
    if (from === 'hiding') await clock.pass(2_000);
    if (from === 'a shorter snapshot') describe(0);
    const left = from === 'left' ? directory.left() : undefined;
    directory.stop();
    assert.equal(seen.ended, SESSIONS);
    await left;
    await turn();
    assert.equal(waiting.size, 0);
    assert.deepEqual(clock.waiting, []);
    assert.equal(seen.ended, SESSIONS);
  });
}

test('a process that has left is gone once its last session has ended, also when one cannot be processed', async () => {
  await using _leaks = expectNoLeaks();
  const { turn, directory, seen, registry } = setUp();
  const { ended } = registry;
  registry.ended = () => {
    ended();
    if (seen.ended === MAX_SLICE_ITEMS + 1) throw new Error('An observer has a bug.');
  };
  let isGone = false;
  const left = directory.left().then(() => {
    isGone = true;
  });
  assert.equal(seen.ended, MAX_SLICE_ITEMS);
  await turn();
  assert.equal(isGone, false);
  await turn();
  await turn();
  await left;
  assert.deepEqual(seen, { ended: SESSIONS, failed: 1 });
});

test('a peer that describes more than it may loses its session', async () => {
  await using _leaks = expectNoLeaks();
  const { directory, describeOne, receive } = setUp({ sessions: SESSIONS, names: 2 });
  const tooMany = (text: RegExp) => ({ code: 'LIMIT_EXCEEDED', message: text });
  describeOne(0);
  assert.throws(() => describeOne(SESSIONS), tooMany(/more than 384 sessions/));
  const counts = ['a', 'b'].map((of) => ({ of, count: 1 }));
  const another = [{ of: 'another', count: 1 }];
  const tick = (set: object) =>
    receive({ type: 'tick', state: 'running', revision: 1, loads: [], clients: [], grants: [], ...set });
  tick({ clients: counts, grants: counts });
  tick({ clients: counts });
  assert.throws(() => tick({ clients: another }), tooMany(/more than 2 connections with clients/));
  assert.throws(() => tick({ grants: another }), tooMany(/more than 2 grants in use/));
  const opens = { opened: 1, failed: 0, codes: [], idle: 0, sinceOpened: 1 };
  const receiveOpens = (connection: string) =>
    directory.received({ type: 'opens', items: [{ ...opens, connection }] });
  for (const connection of ['a', 'b', 'a']) receiveOpens(connection);
  assert.throws(() => receiveOpens('another'), tooMany(/more than 2 connections with opens/));
  directory.stop();
});
