import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@penstock/runtime';
import type { ChangeRow } from '@penstock/store';
import { adminTokenRow as admin } from '../../../store/test/admin-token-row.ts';
import { openTestPostgresStore, sharedPostgres } from '../../../store/test/test-postgres.ts';
import { eventually } from '../../../test/rig/eventually.ts';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { expectNoLeaks } from '../../../test/rig/leaks.ts';
import { ChangeFeed } from '../../src/changes/change-feed.ts';

const rejectAny = (error: unknown) => assert.fail(String(error));

const change = (revision: number, key: string, ordinal = 0): ChangeRow => ({
  revision,
  ordinal,
  kind: 'agent',
  key,
});

/** A store of which the changes are written by hand. */
function scene(start: number) {
  const rows: ChangeRow[] = [];
  const state = { revision: start, reads: 0, fails: false };
  const failures: unknown[] = [];
  const clock = fakeClock();
  const store = {
    changes: {
      async revision() {
        state.reads += 1;
        if (state.fails) throw new Error('away');
        return state.revision;
      },
      after: async (revision: number, limit: number) =>
        rows.filter((row) => row.revision > revision).slice(0, limit),
    },
    onRevision: () => () => {},
  };
  const seen: string[] = [];
  return {
    clock,
    state,
    seen,
    failures,
    write(...written: ChangeRow[]) {
      rows.push(...written);
      state.revision = rows.at(-1)?.revision ?? state.revision;
    },
    async open() {
      const feed = await ChangeFeed.open({ store, clock, onFailed: (error) => failures.push(error) });
      feed.on(
        'agent',
        (keys) => void seen.push(keys.join()),
        () => void seen.push('everything'),
      );
      feed.start();
      return feed;
    },
  };
}

test('what another gateway changes is applied within a second, and what this one changes at once', async () => {
  await sharedPostgres();
  await using _leaks = expectNoLeaks();
  await using here = await openTestPostgresStore();
  await using there = await openTestPostgresStore({ target: here.target });
  const feed = await ChangeFeed.open({ store: here.store, clock: systemClock, onFailed: rejectAny });
  const seen: string[] = [];
  feed.on('admin-token', (keys) => void seen.push(...keys), assert.fail);
  feed.start();
  await there.store.adminTokens.insert(admin('there'));
  await eventually('the change of the other gateway', () => seen.includes('there'));
  await here.store.adminTokens.insert(admin('here'));
  await eventually('its own change', () => seen.includes('here'));
  assert.deepEqual([seen, feed.revision], [['there', 'here'], 2]);
  await feed.stop();
});

test('a gateway that is told of a revision at once does not wait for its own next look', async () => {
  await sharedPostgres();
  await using _leaks = expectNoLeaks();
  await using here = await openTestPostgresStore();
  await using there = await openTestPostgresStore({ target: here.target });
  const options = { clock: fakeClock(), onFailed: rejectAny };
  const writer = await ChangeFeed.open({ ...options, store: here.store });
  const reader = await ChangeFeed.open({ ...options, store: there.store });
  const seen: string[] = [];
  reader.on('admin-token', (keys) => void seen.push(...keys), assert.fail);
  reader.start();
  const stopTelling = writer.onWritten((revision) => reader.hint(revision));
  await here.store.adminTokens.insert(admin('told'));
  await eventually('the change, although the clock stands', () => seen.includes('told'));
  stopTelling();
  await here.store.adminTokens.insert(admin('untold'));
  assert.deepEqual([seen, reader.revision], [['told'], 1]);
  await reader.stop();
  await writer.stop();
});

test('keys that change several times are applied once, and pages of changes in order', async () => {
  const { clock, seen, write, open } = scene(7);
  const feed = await open();
  for (let at = 0; at < 600; at += 1) write(change(8 + at, `agt_${at % 3}`), change(8 + at, 'agt_x', 1));
  await clock.pass(1_000);
  assert.deepEqual(seen, ['agt_0,agt_x,agt_1,agt_2']);
  assert.equal(feed.revision, 607);
  await clock.pass(10_000);
  assert.equal(seen.length, 1);
  await feed.stop();
  assert.deepEqual(clock.waiting, []);
});

test('a hint reads at once', async () => {
  const { clock, seen, write, state, open } = scene(0);
  const feed = await open();
  write(change(1, 'a'));
  feed.hint(1);
  await clock.pass(0);
  assert.deepEqual(seen, ['a']);
  const { reads } = state;
  feed.hint(1);
  await clock.pass(0);
  assert.equal(state.reads, reads, 'a revision that is known is not read');
  await feed.stop();
});

test('after a gap, and after the store was restored, everything is read again', async () => {
  const { clock, seen, write, state, open } = scene(0);
  const feed = await open();
  write(change(3, 'a'));
  await clock.pass(1_000);
  assert.deepEqual(seen, ['everything']);
  write(change(4, 'b'));
  await clock.pass(1_000);
  assert.deepEqual(seen, ['everything', 'b']);
  state.revision = 2;
  await clock.pass(1_000);
  assert.deepEqual([seen, feed.revision], [['everything', 'b', 'everything'], 2]);
  await feed.stop();
});

test('a listener that fails is called again, and does not hold up the others', async () => {
  const { clock, seen, write, failures, open } = scene(0);
  const feed = await open();
  const attempts: string[] = [];
  feed.on(
    'agent',
    async (keys) => {
      attempts.push(keys.join());
      if (attempts.length < 3) throw new Error('busy');
    },
    () => {},
  );
  write(change(1, 'a'));
  await clock.pass(1_000);
  write(change(2, 'b'));
  await clock.pass(1_000);
  assert.deepEqual(seen, ['a', 'b']);
  await clock.pass(1_000);
  assert.deepEqual(attempts, ['a', 'a,b', 'a,b']);
  assert.equal(failures.length, 1, 'reported once until it succeeds');
  await feed.stop();
});

test('while the store is away, its age grows, and hints do not make it worse', async () => {
  const { clock, seen, write, state, open } = scene(0);
  const feed = await open();
  await clock.pass(1_000);
  state.fails = true;
  const { reads } = state;
  await clock.pass(10_000);
  assert.equal(state.reads, reads + 10);
  assert.equal(feed.age, 10_000);
  state.fails = false;
  write(change(1, 'a'));
  await clock.pass(1_000);
  assert.deepEqual([seen, feed.age], [['a'], 0]);
  await feed.stop();
});
