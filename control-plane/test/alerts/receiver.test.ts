import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '@penstock/config-schema';
import type { AlertDeliveryRow } from '@penstock/store';
import { type FakeClock, fakeClock } from '../../../test/rig/fake-clock.ts';
import type { AlertMessage } from '../../src/alerts/message.ts';
import type { Post, PostOutcome } from '../../src/alerts/post-webhook.ts';
import { type Item, MAX_WAITING, Receiver, type ReceiverConfig } from '../../src/alerts/receiver.ts';
import { MAX_AGE, MAX_REFUSALS } from '../../src/alerts/retry.ts';
import { alertRow } from './scene.ts';

const config: ReceiverConfig = {
  name: 'ops',
  webhook: new Secret('https://hooks.example.com/T0P53CR3T'),
  format: 'json',
  secret: undefined,
  gather: 10_000,
};

const failed = (retryAfter?: number): PostOutcome => ({
  name: 'failed',
  detail: 'It answered HTTP 503.',
  retryAfter,
});
const refused: PostOutcome = { name: 'refused', detail: 'It answered HTTP 400.', retryAfter: undefined };
const delivered: PostOutcome = { name: 'delivered', status: 200 };

type Scene = {
  readonly clock: FakeClock;
  readonly receiver: Receiver;
  readonly posts: readonly Post[];
  readonly bodies: readonly AlertMessage[];
  readonly recorded: ReadonlyMap<string, AlertDeliveryRow>;
  readonly logged: readonly string[];
  readonly counted: readonly string[];
  /** What the next attempts come to; delivered when there is nothing left. */
  readonly outcomes: (PostOutcome | Promise<PostOutcome>)[];
};

function scene(changes: Partial<ReceiverConfig> = {}): Scene {
  const clock = fakeClock(1_000_000);
  const posts: Post[] = [];
  const bodies: AlertMessage[] = [];
  const recorded = new Map<string, AlertDeliveryRow>();
  const logged: string[] = [];
  const counted: string[] = [];
  const outcomes: (PostOutcome | Promise<PostOutcome>)[] = [];
  let ids = 0;
  const receiver = new Receiver(
    { ...config, ...changes },
    {
      clock,
      organization: 'acme',
      newId: () => `m${++ids}`,
      post: async (post) => {
        posts.push(post);
        bodies.push(JSON.parse(post.body) as AlertMessage);
        return outcomes.shift() ?? delivered;
      },
      log: (event) => logged.push(event),
      record: (items) => {
        for (const { delivery } of items) recorded.set(delivery.id, delivery);
      },
      stored: async () => {},
      count: (outcome) => counted.push(outcome),
    },
  );
  return { clock, receiver, posts, bodies, recorded, logged, counted, outcomes };
}

function item(id: string, but: Partial<AlertDeliveryRow> = {}): Item {
  const kind = but.kind ?? 'firing';
  return {
    alert: alertRow(id, kind === 'resolved' ? { state: 'resolved', resolvedAt: 5_000 } : {}),
    delivery: {
      id: `${id}-${kind}`,
      alertId: id,
      receiver: 'ops',
      kind,
      state: 'pending',
      messageId: null,
      attempts: 0,
      createdAt: 1_000_000,
      nextAt: 1_000_000,
      settledAt: null,
      lastError: null,
      ...but,
    },
  };
}

test('news of the same time go as one message, after they were gathered', async () => {
  const { clock, receiver, posts, bodies, recorded } = scene();
  receiver.add([item('a'), item('b')]);
  await clock.pass(9_999);
  receiver.add([item('c')]);
  assert.equal(posts.length, 0);
  await clock.pass(1);
  assert.deepEqual(
    bodies.map(({ id, firing, alerts }) => [id, firing, alerts.map((each) => each.id)]),
    [['m1', 3, ['a', 'b', 'c']]],
  );
  assert.deepEqual(
    [...recorded.values()].map(({ state, messageId }) => `${state} ${messageId}`),
    ['delivered m1', 'delivered m1', 'delivered m1'],
  );
  assert.deepEqual(clock.waiting, []);
});

test('500 agents lost at once are one message, cut, with the count', async () => {
  const { clock, receiver, bodies } = scene();
  receiver.add(Array.from({ length: 500 }, (_, index) => item(`a${index}`)));
  await clock.pass(10_000);
  assert.deepEqual(
    bodies.map(({ firing, alerts, omitted }) => [firing, alerts.length, omitted]),
    [[500, 50, 450]],
  );
});

test('a message that fails is sent again as it was, and later news wait for their own', async () => {
  const { clock, receiver, posts, bodies, logged, counted, outcomes, recorded } = scene({ gather: 0 });
  outcomes.push(failed(), failed());
  receiver.add([item('a')]);
  await clock.pass(0);
  receiver.add([item('b')]);
  assert.deepEqual(clock.waiting, [500], 'half of the first bound');
  assert.equal(recorded.get('a-firing')?.lastError, 'It answered HTTP 503.');
  await clock.pass(500);
  assert.deepEqual(clock.waiting, [1_000]);
  await clock.pass(1_000);
  await clock.pass(0);
  assert.deepEqual(
    bodies.map(({ id }) => id),
    ['m1', 'm1', 'm1', 'm2'],
  );
  assert.deepEqual(new Set(posts.slice(0, 3).map(({ body }) => body)).size, 1);
  assert.deepEqual(logged, ['alert-delivery-failed', 'alert-delivery-failed']);
  assert.deepEqual(counted, ['failed', 'failed', 'delivered', 'delivered']);
});

test('Retry-After is honored, up to an hour', async () => {
  const { clock, receiver, outcomes } = scene({ gather: 0 });
  outcomes.push(failed(60_000), failed(86_400_000));
  receiver.add([item('a')]);
  await clock.pass(0);
  assert.deepEqual(clock.waiting, [60_000]);
  await clock.pass(60_000);
  assert.deepEqual(clock.waiting, [3_600_000]);
});

test('a receiver that is down for a day is given up, and hears of what comes after', async () => {
  const { clock, receiver, outcomes, posts, recorded, logged, counted } = scene({ gather: 0 });
  clock.chance(1);
  outcomes.push(...Array.from({ length: 400 }, () => failed()));
  receiver.add([item('a')]);
  await clock.pass(MAX_AGE);
  assert.equal(recorded.get('a-firing')?.state, 'abandoned');
  assert.ok(posts.length > 100 && posts.length < 400, String(posts.length));
  assert.deepEqual([logged.at(-1), counted.at(-1)], ['alert-abandoned', 'abandoned']);
  outcomes.length = 0;
  receiver.add([item('b', { createdAt: clock.wall() })]);
  await clock.pass(0);
  assert.equal(recorded.get('b-firing')?.state, 'delivered');
});

test('a receiver that says no holds up what comes after only for so long', async () => {
  const { clock, receiver, outcomes, posts, recorded } = scene({ gather: 0 });
  outcomes.push(...Array.from({ length: MAX_REFUSALS }, () => refused));
  receiver.add([item('a')]);
  await clock.pass(0);
  receiver.add([item('b')]);
  await clock.pass(3_600_000);
  assert.equal(posts.length, MAX_REFUSALS + 1);
  assert.deepEqual(
    [...recorded.values()].map(({ state }) => state),
    ['abandoned', 'delivered'],
  );
});

test('of an alert that fired and is over before anyone heard, one entry tells both', async () => {
  const { clock, receiver, bodies } = scene();
  receiver.add([item('a')]);
  receiver.add([item('a', { kind: 'resolved' })]);
  await clock.pass(10_000);
  const [body] = bodies;
  assert.deepEqual([body?.firing, body?.resolved, body?.alerts.length], [0, 1, 1]);
  assert.equal(body?.alerts[0]?.resolvedAt, new Date(5_000).toISOString());
});

test('after a restart the message that was under way goes first, with its id', async () => {
  const { clock, receiver, bodies } = scene({ gather: 0 });
  receiver.resume([
    item('a', { messageId: 'old', attempts: 3, nextAt: 1_004_000 }),
    item('b', { messageId: 'old', attempts: 3, nextAt: 1_004_000 }),
    item('c'),
  ]);
  await clock.pass(3_999);
  assert.equal(bodies.length, 0);
  await clock.pass(1);
  await clock.pass(0);
  assert.deepEqual(
    bodies.map(({ id, firing }) => [id, firing]),
    [
      ['old', 2],
      ['m1', 1],
    ],
  );
});

test('another address is tried at once', async () => {
  const { clock, receiver, outcomes, posts } = scene({ gather: 0 });
  outcomes.push(failed(600_000));
  receiver.add([item('a')]);
  await clock.pass(0);
  receiver.apply({ ...config, webhook: new Secret('https://new.example.com/') });
  await clock.pass(0);
  assert.deepEqual(
    posts.map(({ url }) => url),
    ['https://hooks.example.com/T0P53CR3T', 'https://new.example.com/'],
  );
  assert.deepEqual(clock.waiting, []);
});

test('a receiver that is gone gives up what it had, under way or not', async () => {
  const { clock, receiver, outcomes, recorded } = scene({ gather: 0 });
  outcomes.push(failed());
  receiver.add([item('a')]);
  await clock.pass(0);
  receiver.add([item('b')]);
  await receiver.remove();
  assert.deepEqual(
    [...recorded.values()].map(({ state }) => state),
    ['abandoned', 'abandoned'],
  );
  assert.deepEqual(clock.waiting, []);
});

test('stop ends an attempt that hangs and every timer; what was not delivered stays pending', async () => {
  const { clock, receiver, outcomes, posts, recorded } = scene({ gather: 0 });
  const hanging = Promise.withResolvers<PostOutcome>();
  outcomes.push(hanging.promise);
  receiver.add([item('a')]);
  await clock.pass(0);
  posts[0]?.signal.addEventListener('abort', () => hanging.resolve({ name: 'aborted' }));
  await receiver.stop();
  receiver.add([item('b')]);
  assert.equal(recorded.get('a-firing')?.state, 'pending');
  assert.deepEqual([clock.waiting, posts.length], [[], 1]);
});

test('news that wait are bounded: the oldest go', async () => {
  const { receiver, recorded, logged } = scene();
  receiver.add(Array.from({ length: MAX_WAITING + 2 }, (_, index) => item(`a${index}`)));
  assert.equal(receiver.waiting, MAX_WAITING);
  assert.deepEqual([...recorded.keys()], ['a0-firing', 'a1-firing']);
  assert.deepEqual(logged, ['alert-abandoned']);
  await receiver.stop();
});
