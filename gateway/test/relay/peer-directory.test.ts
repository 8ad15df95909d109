import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OwnerMessage, PeerSession } from '@penstock/cluster';
import { MAX_SLICE_ITEMS } from '@penstock/runtime';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { PeerDirectory } from '../../src/relay/peer-directory.ts';

const SESSIONS = 3 * MAX_SLICE_ITEMS;
const none = () => {};
const peer = { replica: { id: 'r2', epoch: 'e' }, send: none } as unknown as PeerSession;

/** A peer that has described its sessions. `ended` counts those that the gateway has heard the end of. */
function setUp() {
  const clock = fakeClock();
  const waiting: (() => void)[] = [];
  const afterPoll = (callback: () => void) => {
    waiting.push(callback);
    return () => void waiting.splice(waiting.indexOf(callback), 1);
  };
  /** What waits for the event loop runs, and what follows from it. */
  const turn = async () => {
    for (const callback of waiting.splice(0)) callback();
    await new Promise((resolve) => setImmediate(resolve));
  };
  const seen = { ended: 0 };
  const ended = () => {
    seen.ended += 1;
  };
  const directory = new PeerDirectory({
    replica: 'r2',
    registry: {
      adopt: none,
      changed: none,
      untold: none,
      ended,
      heartbeat: none,
      result: none,
      maySwitch: none,
      upgradeStatus: none,
    },
    isSuspended: () => false,
    onRevision: none,
    onEvents: none,
    onEventsLost: none,
    onLogEntries: none,
    clock: { ...clock, afterPoll },
  });
  const describe = (count: number) => {
    let seq = 0;
    const receive = (message: object) => directory.received({ ...message, seq: ++seq } as OwnerMessage);
    directory.opened(peer);
    receive({ type: 'snapshot', epoch: 'e' });
    receive({ type: 'connectors', key: 'k', connectors: [] });
    for (let index = 0; index < count; index += 1)
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
    receive({ type: 'snapshot-end' });
  };
  describe(SESSIONS);
  return { clock, turn, directory, seen, describe };
}

test('the sessions of a lost replica end in slices, so that no turn of the event loop has all of them', async () => {
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
  const { clock, turn, directory, seen, describe } = setUp();
  directory.lost('silent');
  await clock.pass(2_000);
  describe(SESSIONS);
  await turn();
  assert.equal(seen.ended, MAX_SLICE_ITEMS);
  assert.equal([...directory.sessions].length, SESSIONS);
});
