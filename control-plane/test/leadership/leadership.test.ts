import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Store } from '@penstock/store';
import { openTestPostgresStore, query, sharedPostgres } from '../../../store/test/test-postgres.ts';
import { eventually } from '../../../test/rig/eventually.ts';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { LeadershipLostError, LeasedLeadership, lifeOf } from '../../src/leadership/leadership.ts';

/** A gateway that leads or follows, with a clock of its own. */
async function gateway(store: Pick<Store, 'leases' | 'transaction'>, epoch: string) {
  const clock = fakeClock();
  const seen: boolean[] = [];
  const failures: unknown[] = [];
  const offsets: number[] = [];
  const leadership = await LeasedLeadership.open({
    store,
    epoch,
    clock,
    onClockOffset: (offset) => offsets.push(offset),
    onFailed: (error) => failures.push(error),
  });
  leadership.onChange((isLeader) => seen.push(isLeader));
  return { clock, seen, failures, offsets, leadership };
}

/** Lets a gateway renew until something holds. Its clock goes on a little each time. */
const renewUntil = (what: string, { clock }: { clock: ReturnType<typeof fakeClock> }, holds: () => boolean) =>
  eventually(what, async () => {
    await clock.pass(1_000);
    return holds();
  });

test('one gateway leads, and another takes over when it resigns', async () => {
  await using opened = await openTestPostgresStore();
  const first = await gateway(opened.store, 'e1');
  const second = await gateway(opened.store, 'e2');
  assert.deepEqual([first.leadership.isLeader, second.leadership.isLeader], [true, false]);
  let duties = 0;
  second.leadership.addDuty(async () => {
    duties += 1;
  });
  await first.leadership.resign();
  assert.equal(first.leadership.isLeader, false);
  await renewUntil('the second to lead', second, () => second.leadership.isLeader && duties > 0);
  await first.clock.pass(30_000);
  assert.equal(first.leadership.isLeader, false, 'it does not come back');
  assert.deepEqual([first.seen, second.seen], [[false], [true]]);
  await first.leadership.stop();
  await second.leadership.stop();
  assert.equal(await opened.store.leases.of(lifeOf('e1')), undefined);
});

test('a leader that does not reach another gateway gives the lead to one that reaches all', async () => {
  await using opened = await openTestPostgresStore();
  const leader = await gateway(opened.store, 'e1');
  const partial = await gateway(opened.store, 'e2');
  const whole = await gateway(opened.store, 'e3');
  let isWhole = false;
  let looks = 0;
  for (const { leadership } of [leader, partial])
    leadership.viewBy(() => {
      looks += 1;
      return isWhole;
    });
  const startedAt = leader.clock.now();
  await renewUntil('it to give the lead up', leader, () => leader.seen.includes(false));
  assert.ok(leader.clock.now() - startedAt >= 20_000, 'a gateway that was killed counts for as long');
  await partial.clock.pass(10_000);
  await leader.clock.pass(10_000);
  await renewUntil('the one that reaches all to lead', whole, () => whole.leadership.isLeader);
  assert.deepEqual([leader.seen, partial.seen], [[false], []]);
  await whole.leadership.stop();
  await renewUntil('another one to lead, as none reaches all', partial, () => partial.seen.includes(true));
  const takenAt = partial.clock.now();
  await renewUntil('time to pass', partial, () => partial.clock.now() - takenAt > 60_000);
  assert.deepEqual(partial.seen, [true], 'it keeps what nobody else has taken');
  isWhole = true;
  looks = 0;
  await renewUntil('it to reach all', partial, () => looks > 0);
  isWhole = false;
  await renewUntil('it to give the lead up as well', partial, () => partial.seen.includes(false));
  await leader.leadership.stop();
  await partial.leadership.stop();
});

test('a leader that was paused beyond its lease writes nothing more', async () => {
  await using opened = await openTestPostgresStore();
  const { store, target } = opened;
  const paused = await gateway(store, 'e1');
  await store.transaction((inside) => paused.leadership.requireLead(inside));
  await query(
    await sharedPostgres(),
    "update leases set expires_at = 0 where name = 'leader'",
    target.database,
  );
  const next = await gateway(store, 'e2');
  assert.equal(next.leadership.isLeader, true);
  assert.equal(paused.leadership.isLeader, true, 'it does not know yet');
  await assert.rejects(
    store.transaction((inside) => paused.leadership.requireLead(inside)),
    LeadershipLostError,
  );
  await renewUntil('it to find out', paused, () => !paused.leadership.isLeader);
  assert.deepEqual(paused.seen, [false]);
  await paused.leadership.stop();
  assert.equal((await store.leases.of('leader'))?.holder, 'e2', 'it gives up nothing that is not its own');
  await next.leadership.stop();
});

test('while the store is away, the last leader goes on, or the gateway of the first rank', async () => {
  await using opened = await openTestPostgresStore();
  const { store } = opened;
  let isAway = false;
  const away = new Proxy(store.leases, {
    get(leases, name, receiver) {
      if (!isAway) return Reflect.get(leases, name, receiver);
      return () => Promise.reject(new Error('away'));
    },
  });
  const port = { leases: away, transaction: store.transaction.bind(store) };
  const leader = await gateway(port, 'e1');
  const follower = await gateway(port, 'e2');
  isAway = true;
  await leader.clock.pass(14_000);
  assert.equal(leader.leadership.isLeader, true, 'its lease has not ended');
  await leader.clock.pass(10_000);
  assert.equal(leader.leadership.isLeader, true, 'nobody else can take it');
  await assert.rejects(leader.leadership.requireLead({ leases: away }), /away/);
  await follower.clock.pass(60_000);
  assert.equal(follower.leadership.isLeader, false);
  follower.leadership.rankBy(() => true);
  leader.leadership.rankBy(() => false);
  await Promise.all([leader, follower].map(({ clock }) => clock.pass(20_000)));
  assert.deepEqual([leader.leadership.isLeader, follower.leadership.isLeader], [false, true]);
  assert.equal(leader.failures.length, 1, 'reported once');
  isAway = false;
  // The lease of the old leader is still valid in the store: the other one gives way.
  await renewUntil('the follower to give way', follower, () => !follower.leadership.isLeader);
  await leader.leadership.stop();
  await follower.leadership.stop();
});

test('the clock of the database is known to a few milliseconds', async () => {
  await using opened = await openTestPostgresStore();
  const { offsets, clock, leadership } = await gateway(opened.store, 'e1');
  const [offset = 0] = offsets;
  assert.ok(Math.abs(clock.wall() + offset - Date.now()) < 10_000, `the offset is ${offset} ms`);
  await leadership.stop();
});
