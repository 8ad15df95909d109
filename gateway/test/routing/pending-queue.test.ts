import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { TunnelError } from '@penstock/wire';
import { PendingQueue } from '../../src/routing/pending-queue.ts';

const FOREVER = { remaining: 1_000_000, waited: 0 };
const never = () => new AbortController().signal;

function setUp(t: TestContext, { limit = 3, timeout = 5_000 } = {}) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  return new PendingQueue((pool) => (pool === 'dc1' ? { limit, timeout } : undefined));
}

const failsWith = (code: string) => (error: unknown) => error instanceof TunnelError && error.code === code;

test('a client waits until it is woken', async (t) => {
  const queue = setUp(t);
  const waits = [queue.wait('dc1', FOREVER, never()), queue.wait('dc1', FOREVER, never())];
  assert.deepEqual([queue.depth('dc1'), queue.total], [2, 2]);
  queue.wakeAll();
  await Promise.all(waits);
  assert.deepEqual([queue.depth('dc1'), queue.total], [0, 0]);
});

test('clients are woken in order of arrival', async (t) => {
  const queue = setUp(t);
  const order: number[] = [];
  const waits = [1, 2, 3].map((number) => queue.wait('dc1', FOREVER, never()).then(() => order.push(number)));
  queue.wakeAll();
  await Promise.all(waits);
  assert.deepEqual(order, [1, 2, 3]);
});

test('a client that is woken in vain waits again without being refused', async (t) => {
  const queue = setUp(t);
  const again = async () => {
    await queue.wait('dc1', FOREVER, never());
    await queue.wait('dc1', FOREVER, never());
  };
  const waits = [again(), again(), again()];
  queue.wakeAll();
  await nextTurn();
  assert.equal(queue.depth('dc1'), 3);
  queue.wakeAll();
  await Promise.all(waits);
  assert.equal(queue.total, 0);
});

test('a full queue refuses clients until one has left', async (t) => {
  const queue = setUp(t, { limit: 1 });
  const leaving = new AbortController();
  const first = queue.wait('dc1', FOREVER, leaving.signal);
  await assert.rejects(queue.wait('dc1', FOREVER, never()), failsWith('QUEUE_FULL'));
  leaving.abort(new TunnelError('CLIENT_GONE'));
  await assert.rejects(first, failsWith('CLIENT_GONE'));
  const second = queue.wait('dc1', FOREVER, never());
  assert.equal(queue.depth('dc1'), 1);
  queue.wakeAll();
  await second;
});

test('a closed queue and the queue of an unknown pool refuse clients immediately', async (t) => {
  await assert.rejects(setUp(t, { limit: 0 }).wait('dc1', FOREVER, never()), failsWith('NO_AGENT'));
  t.mock.timers.reset();
  await assert.rejects(setUp(t).wait('dc9', FOREVER, never()), failsWith('NO_AGENT'));
});

for (const [what, limits, expected] of [
  ["the pool's timeout", FOREVER, 5_000],
  ['the remaining time of the dial, if that is less', { remaining: 700, waited: 0 }, 700],
  ['what is left of the timeout after an earlier wait', { remaining: 1_000_000, waited: 4_000 }, 1_000],
  ['the shortest timer, if its time is used up', { remaining: 1_000_000, waited: 6_000 }, 1],
] as const) {
  test(`a client waits for ${what}`, async (t) => {
    const queue = setUp(t);
    let settled = false;
    const wait = queue.wait('dc1', limits, never()).finally(() => {
      settled = true;
    });
    const failed = assert.rejects(wait, failsWith('QUEUE_TIMEOUT'));
    t.mock.timers.tick(expected - 1);
    await Promise.resolve();
    assert.equal(settled, false);
    t.mock.timers.tick(1);
    await failed;
    assert.equal(queue.total, 0);
  });
}

test('a client that has already left does not wait', async (t) => {
  const queue = setUp(t);
  await assert.rejects(
    queue.wait('dc1', FOREVER, AbortSignal.abort(new TunnelError('CLIENT_GONE'))),
    failsWith('CLIENT_GONE'),
  );
  assert.equal(queue.total, 0);
});
