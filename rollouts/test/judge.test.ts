import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { durationBucket, Judge, type Reading } from '@penstock/rollouts';

const MIB = 1024 * 1024;
const MINUTE = 60_000;

type Measured = { -readonly [Key in keyof Reading]: Reading[Key] };

describe('an agent that was changed is compared with the others', () => {
  let readings: Map<string, Measured>;
  let judge: Judge;

  beforeEach(() => {
    const agents = ['new', 'a', 'b', 'c'];
    readings = new Map(
      agents.map((id) => [
        id,
        {
          isConnected: true,
          away: 0,
          hasUpdater: false,
          boot: `${id}-1`,
          failing: new Set<string>(),
          connectors: new Set(['orders-db']),
          memoryBytes: 100 * MIB,
          opens: { opened: 1_000, failed: 3, durations: [] },
        },
      ]),
    );
    judge = new Judge({
      read: (id) => {
        const reading = readings.get(id);
        return reading && { ...reading };
      },
      othersOf: () => ['a', 'b', 'c'],
      mustKeepConnectors: true,
      maxUnconfirmed: 3,
    });
    judge.follow('new', 'dc1');
  });

  const change = (id: string, more: Partial<Measured>) => {
    const reading = readings.get(id);
    assert.ok(reading !== undefined);
    Object.assign(reading, more);
  };
  const opens = (id: string, opened: number, failed: number, milliseconds = 10) => {
    const before = readings.get(id)?.opens;
    assert.ok(before !== undefined);
    const durations = [...before.durations];
    const bucket = durationBucket(milliseconds);
    durations[bucket] = (durations[bucket] ?? 0) + opened;
    change(id, { opens: { opened: before.opened + opened, failed: before.failed + failed, durations } });
  };
  const judged = () => judge.judge('new', 'dc1');

  test('and is good without opens, and with failures that the others have too', () => {
    assert.equal(judged(), undefined);
    for (const id of ['new', 'a', 'b', 'c']) opens(id, 10, 10);
    assert.equal(judged(), undefined);
    assert.equal(judge.doubtOf('new'), undefined);
  });

  test('one bad reading is not enough, and a good one in between starts over', () => {
    opens('new', 0, 30);
    opens('a', 30, 0);
    assert.equal(judged(), undefined);
    assert.match(judge.doubtOf('new') ?? '', /30 of 30 opens failed/);
    opens('new', 1_000, 0);
    assert.equal(judged(), undefined);
    opens('new', 0, 30);
    opens('a', 30, 0);
    assert.equal(judged(), undefined);
    assert.deepEqual(judged(), {
      fault: 'opens-failing',
      detail: '30 of 30 opens failed; through the others, 0 of 30.',
    });
  });

  test('five opens that all fail are enough, because the agent is ejected then; four are not', () => {
    opens('a', 100, 0);
    opens('new', 0, 4);
    assert.equal(judged(), undefined);
    assert.equal(judged(), undefined);
    opens('new', 0, 1);
    judged();
    assert.equal(judged()?.fault, 'opens-failing');
  });

  test('fewer than twenty mixed opens say nothing', () => {
    opens('a', 100, 0);
    opens('new', 10, 9);
    judged();
    assert.equal(judged(), undefined);
  });

  test('opens that take more than twice as long, and noticeably', () => {
    for (const id of ['a', 'b']) opens(id, 50, 0, 10);
    opens('new', 50, 0, 80);
    judged();
    assert.equal(judged(), undefined, 'nothing was opened since');
    opens('new', 1, 0, 80);
    const found = judged();
    assert.equal(found?.fault, 'opens-slower');
    assert.match(found?.detail ?? '', /longer than \d+ ms; through the others, \d+ ms\./);
  });

  test('an agent that is farther from its target than the others was so before', () => {
    judge.keepOnly(new Set());
    opens('new', 2_000, 0, 80);
    judge.follow('new', 'dc1');
    for (const id of ['a', 'b']) opens(id, 50, 0, 10);
    opens('new', 50, 0, 80);
    judged();
    opens('new', 50, 0, 80);
    assert.equal(judged(), undefined);
    assert.equal(judge.doubtOf('new'), undefined);
  });

  test('opens that failed for a moment are no second bad reading, if later ones succeed or if there are none', () => {
    opens('a', 500, 0);
    opens('new', 5, 25);
    judged();
    assert.equal(judged(), undefined, 'there were none');
    assert.match(judge.doubtOf('new') ?? '', /25 of 30 opens failed/);
    opens('new', 1, 0);
    assert.equal(judged(), undefined, 'one that succeeds confirms nothing');
    opens('new', 25, 0);
    opens('a', 25, 0);
    assert.equal(judged(), undefined);
    assert.equal(judge.doubtOf('new'), undefined, 'enough of them succeeded since');
  });

  test('a doubt about opens is dropped although there are few, if these are good', () => {
    opens('a', 500, 0);
    opens('new', 5, 25);
    judged();
    for (const doubt of [/25 of 31 opens failed/, /25 of 32/, /^$/]) {
      opens('new', 1, 0);
      assert.equal(judged(), undefined);
      assert.match(judge.doubtOf('new') ?? '', doubt);
    }
    opens('new', 0, 2);
    assert.equal(judged(), undefined, 'and these two are the first of a new comparison');
  });

  test('a doubt about opens is confirmed by one open of the same kind, and by no other', () => {
    for (const id of ['a', 'b']) opens(id, 500, 0, 10);
    opens('new', 50, 0, 80);
    judged();
    opens('new', 1, 0, 10);
    assert.equal(judged(), undefined);
    opens('new', 0, 1);
    assert.equal(judged(), undefined);
    opens('new', 1, 0, 80);
    assert.equal(judged()?.fault, 'opens-slower');
  });

  test('a doubt about opens is dropped when there are none for a while', () => {
    opens('a', 500, 0);
    opens('new', 5, 25);
    judged();
    judged();
    judged();
    assert.match(judge.doubtOf('new') ?? '', /25 of 30 opens failed/);
    judged();
    assert.equal(judge.doubtOf('new'), undefined);
    judged();
    assert.equal(judge.doubtOf('new'), undefined, 'nor does the next reading find the old ones again');
  });

  test('a connector that it lost by the change, although it had lost it when it was seen first', () => {
    judge.keepOnly(new Set());
    judge.note('new');
    change('new', { failing: new Set(['orders-db']) });
    judge.follow('new', 'dc1');
    judged();
    assert.equal(judged()?.fault, 'connector-lost');
    judge.keepOnly(new Set());
    judge.note('new');
    judge.follow('new', 'dc1');
    judged();
    assert.equal(judged(), undefined, 'it failed before');
  });

  test('a process that is another one at each reading keeps restarting; a single restart does not', () => {
    change('new', { boot: 'new-2' });
    judged();
    assert.equal(judged(), undefined);
    change('new', { boot: 'new-3' });
    judged();
    change('new', { boot: 'new-4' });
    assert.equal(judged()?.fault, 'restarting');
    assert.equal(judged()?.fault, 'restarting', 'three restarts are too many, however far apart');
  });

  test('an agent that is away while most others are there; not in an outage of all', () => {
    change('new', { isConnected: false, away: 3 * MINUTE });
    for (const id of ['a', 'b']) change(id, { isConnected: false, away: 3 * MINUTE });
    judged();
    assert.equal(judged(), undefined);
    for (const id of ['a', 'b']) change(id, { isConnected: true });
    judged();
    assert.equal(judged()?.fault, 'disconnected');
    change('new', { away: MINUTE });
    assert.equal(judged(), undefined, 'it may be about to connect');
  });

  test('an agent with an updater only when that has had the time to bring it back, with the true reason', () => {
    const [reading] = readings.values();
    assert.ok(reading !== undefined);
    readings.set('newer', { ...reading, hasUpdater: true });
    judge.follow('newer', 'dc1');
    const judgedNewer = () => judge.judge('newer', 'dc1')?.fault;
    // A version that is deaf is gone for three minutes before its updater goes back; what a new process upgrades by is unknown.
    change('newer', { isConnected: false, hasUpdater: false, away: 4 * MINUTE });
    judgedNewer();
    assert.equal(judgedNewer(), undefined);
    change('newer', { away: 7 * MINUTE });
    judgedNewer();
    assert.equal(judgedNewer(), 'disconnected', 'its host is gone');
  });

  test('a connector that it lost, unless nobody reaches the target', () => {
    for (const id of ['new', 'a', 'b', 'c']) change(id, { failing: new Set(['orders-db']) });
    judged();
    assert.equal(judged(), undefined);
    change('a', { failing: new Set() });
    judged();
    assert.deepEqual(judged(), {
      fault: 'connector-lost',
      detail: 'The check of connector orders-db fails.',
    });
  });

  test('a connector that it no longer offers', () => {
    change('new', { connectors: new Set() });
    judged();
    assert.match(judged()?.detail ?? '', /no longer offers connector orders-db/);
  });

  test('memory that keeps growing beyond the others; not memory that is high but stable', () => {
    change('new', { memoryBytes: 250 * MIB });
    judged();
    assert.equal(judged(), undefined, 'it did not grow since the last reading');
    change('new', { memoryBytes: 280 * MIB });
    judged();
    change('new', { memoryBytes: 310 * MIB });
    assert.deepEqual(judged(), {
      fault: 'memory-growing',
      detail: 'Its memory grew by 210 MiB to 310 MiB; the others use 100 MiB.',
    });
  });

  test('counts that start over with another gateway do not fail anybody', () => {
    change('new', { opens: { opened: 0, failed: 0, durations: [] } });
    for (const id of ['a', 'b', 'c']) change(id, { opens: { opened: 0, failed: 0, durations: [] } });
    judged();
    assert.equal(judged(), undefined);
  });
});
