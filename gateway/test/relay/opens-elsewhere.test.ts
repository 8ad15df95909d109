import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OwnerMessage } from '@penstock/cluster';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { type Opens, OpensPublisher, PeerOpens, sumOfOpens } from '../../src/relay/opens-elsewhere.ts';
import { OpenOutcomes } from '../../src/routing/open-outcomes.ts';

const MINUTE = 60_000;

function startReplica(clock = fakeClock()) {
  const outcomes = new OpenOutcomes(clock);
  outcomes.apply(new Set(['orders', 'quiet']), MINUTE);
  return { clock, outcomes };
}

test('opens that failed at another replica count, and when the latest one did stays known', async () => {
  const { clock, outcomes: here } = startReplica();
  const { outcomes: there } = startReplica(clock);
  const known = new PeerOpens(clock.now);
  const sent: string[][] = [];
  const publisher = new OpensPublisher(
    {
      isLagging: false,
      send(message: OwnerMessage) {
        assert.ok(message.type === 'opens');
        sent.push(message.items.map(({ connection }) => connection));
        known.received(message);
      },
    },
    () => there.report(),
  );
  const orders = (): Opens | undefined =>
    [...sumOfOpens(here.report(), known.report())].find(({ connection }) => connection === 'orders');
  here.opened('orders');
  await clock.pass(1_000);
  for (let count = 0; count < 3; count += 1) there.failed('orders', 'REFUSED', 10);
  there.opened('orders');
  publisher.publish();
  await clock.pass(2_000);
  assert.deepEqual(orders(), {
    connection: 'orders',
    opened: 2,
    failed: 3,
    codes: [{ code: 'REFUSED', count: 3 }],
    sinceOpened: 2_000,
    sinceFailed: 2_000,
    idle: 2_000,
  });
  await clock.pass(2 * MINUTE);
  publisher.publish();
  publisher.publish();
  assert.deepEqual(sent, [['orders'], ['orders']]);
  const { failed, sinceFailed } = orders() ?? {};
  assert.deepEqual({ failed, sinceFailed }, { failed: 0, sinceFailed: 2 * MINUTE + 2_000 });
  await clock.pass(MINUTE);
  assert.equal(orders()?.sinceFailed, 3 * MINUTE + 2_000);
  // A peer that has connected again.
  new OpensPublisher({ isLagging: false, send: (message) => sent.push([message.type]) }, () =>
    there.report(),
  ).publish();
  assert.deepEqual(sent.at(-1), ['opens']);
});
