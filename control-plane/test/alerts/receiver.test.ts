import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Secret } from '@penstock/config-schema';
import type { AlertDeliveryRow } from '@penstock/store';
import { type FakeClock, fakeClock } from '../../../test/rig/fake-clock.ts';
import type { AlertMessage } from '../../src/alerts/message.ts';
import type { Post, PostOutcome } from '../../src/alerts/post-webhook.ts';
import { MAX_QUEUED, type Notification, Receiver, type ReceiverConfig } from '../../src/alerts/receiver.ts';
import { MAX_AGE_MS, MAX_REFUSALS } from '../../src/alerts/retry-delay.ts';
import { alertRow } from './scene.ts';

const config: ReceiverConfig = {
  name: 'ops',
  webhook: new Secret('https://hooks.example.com/T0P53CR3T'),
  format: 'json',
  secret: undefined,
  groupWait: 10_000,
};

const failed = (retryAfter?: number): PostOutcome => ({
  name: 'failed',
  detail: 'The receiver responded with HTTP 503.',
  retryAfter,
});
const refused: PostOutcome = {
  name: 'refused',
  detail: 'The receiver responded with HTTP 400.',
  retryAfter: undefined,
};
const delivered: PostOutcome = { name: 'delivered', status: 200 };

type Scene = {
  readonly clock: FakeClock;
  readonly receiver: Receiver;
  readonly posts: readonly Post[];
  readonly bodies: readonly AlertMessage[];
  readonly recorded: ReadonlyMap<string, AlertDeliveryRow>;
  readonly logged: readonly string[];
  readonly counted: readonly string[];
  /** Outcomes of the next attempts; later ones are delivered. */
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
      record: (notifications) => {
        for (const { delivery } of notifications) recorded.set(delivery.id, delivery);
      },
      stored: async () => true,
      count: (outcome) => counted.push(outcome),
      onIdle: () => {},
    },
  );
  return { clock, receiver, posts, bodies, recorded, logged, counted, outcomes };
}

function notification(id: string, changes: Partial<AlertDeliveryRow> = {}): Notification {
  const kind = changes.kind ?? 'firing';
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
      ...changes,
    },
  };
}

test('notifications within one group wait are sent as one message', async () => {
  const { clock, receiver, posts, bodies, recorded } = scene();
  receiver.add([notification('a'), notification('b')]);
  await clock.pass(9_999);
  receiver.add([notification('c')]);
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

test('500 notifications are one message that lists 50 and counts all', async () => {
  const { clock, receiver, bodies } = scene();
  receiver.add(Array.from({ length: 500 }, (_, index) => notification(`a${index}`)));
  await clock.pass(10_000);
  assert.deepEqual(
    bodies.map(({ firing, alerts, omitted }) => [firing, alerts.length, omitted]),
    [[500, 50, 450]],
  );
});

test('a failed message is repeated unchanged, and later notifications wait for their own message', async () => {
  const { clock, receiver, posts, bodies, logged, counted, outcomes, recorded } = scene({ groupWait: 0 });
  outcomes.push(failed(), failed());
  receiver.add([notification('a')]);
  await clock.pass(0);
  receiver.add([notification('b')]);
  assert.deepEqual(clock.waiting, [500], 'half of the first upper bound');
  assert.equal(recorded.get('a-firing')?.lastError, 'The receiver responded with HTTP 503.');
  await clock.pass(500);
  assert.deepEqual(clock.waiting, [1_000]);
  await clock.pass(1_000);
  await clock.pass(0);
  assert.deepEqual(
    bodies.map(({ id }) => id),
    ['m1', 'm1', 'm1', 'm2'],
  );
  assert.deepEqual(new Set(posts.slice(0, 3).map(({ body }) => body)).size, 1);
  assert.deepEqual(logged, ['notification-failed', 'notification-failed']);
  assert.deepEqual(counted, ['failed', 'failed', 'delivered', 'delivered']);
});

test('Retry-After is honored, up to an hour', async () => {
  const { clock, receiver, outcomes } = scene({ groupWait: 0 });
  outcomes.push(failed(60_000), failed(86_400_000));
  receiver.add([notification('a')]);
  await clock.pass(0);
  assert.deepEqual(clock.waiting, [60_000]);
  await clock.pass(60_000);
  assert.deepEqual(clock.waiting, [3_600_000]);
});

test('a message is abandoned after a day, and later notifications are delivered', async () => {
  const { clock, receiver, outcomes, posts, recorded, logged, counted } = scene({ groupWait: 0 });
  clock.chance(1);
  outcomes.push(...Array.from({ length: 400 }, () => failed()));
  receiver.add([notification('a')]);
  await clock.pass(MAX_AGE_MS);
  assert.equal(recorded.get('a-firing')?.state, 'abandoned');
  assert.ok(posts.length > 100 && posts.length < 400, String(posts.length));
  assert.deepEqual([logged.at(-1), counted.at(-1)], ['notification-abandoned', 'abandoned']);
  outcomes.length = 0;
  receiver.add([notification('b', { createdAt: clock.wall() })]);
  await clock.pass(0);
  assert.equal(recorded.get('b-firing')?.state, 'delivered');
});

test('a refused message delays later notifications only for a bounded number of attempts', async () => {
  const { clock, receiver, outcomes, posts, recorded } = scene({ groupWait: 0 });
  outcomes.push(...Array.from({ length: MAX_REFUSALS }, () => refused));
  receiver.add([notification('a')]);
  await clock.pass(0);
  receiver.add([notification('b')]);
  await clock.pass(3_600_000);
  assert.equal(posts.length, MAX_REFUSALS + 1);
  assert.deepEqual(
    [...recorded.values()].map(({ state }) => state),
    ['abandoned', 'delivered'],
  );
});

test('an alert that fired and was resolved within one group wait is listed once', async () => {
  const { clock, receiver, bodies } = scene();
  receiver.add([notification('a')]);
  receiver.add([notification('a', { kind: 'resolved' })]);
  await clock.pass(10_000);
  const [body] = bodies;
  assert.deepEqual([body?.firing, body?.resolved, body?.alerts.length], [0, 1, 1]);
  assert.equal(body?.alerts[0]?.resolvedAt, new Date(5_000).toISOString());
});

test('after a restart, the message that was in delivery is sent first, with its id', async () => {
  const { clock, receiver, bodies } = scene({ groupWait: 0 });
  receiver.resume([
    notification('a', { messageId: 'old', attempts: 3, nextAt: 1_004_000 }),
    notification('b', { messageId: 'old', attempts: 3, nextAt: 1_004_000 }),
    notification('c'),
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

test('a changed URL is tried immediately', async () => {
  const { clock, receiver, outcomes, posts } = scene({ groupWait: 0 });
  outcomes.push(failed(600_000));
  receiver.add([notification('a')]);
  await clock.pass(0);
  receiver.apply({ ...config, webhook: new Secret('https://new.example.com/') });
  await clock.pass(0);
  assert.deepEqual(
    posts.map(({ url }) => url),
    ['https://hooks.example.com/T0P53CR3T', 'https://new.example.com/'],
  );
  assert.deepEqual(clock.waiting, []);
});

test('a removed receiver abandons its notifications, in delivery or queued', async () => {
  const { clock, receiver, outcomes, recorded } = scene({ groupWait: 0 });
  outcomes.push(failed());
  receiver.add([notification('a')]);
  await clock.pass(0);
  receiver.add([notification('b')]);
  await receiver.remove();
  assert.deepEqual(
    [...recorded.values()].map(({ state }) => state),
    ['abandoned', 'abandoned'],
  );
  assert.deepEqual(clock.waiting, []);
});

test('stop aborts a hanging attempt and cancels every timer; undelivered notifications stay pending', async () => {
  const { clock, receiver, outcomes, posts, recorded } = scene({ groupWait: 0 });
  const hanging = Promise.withResolvers<PostOutcome>();
  outcomes.push(hanging.promise);
  receiver.add([notification('a')]);
  await clock.pass(0);
  posts[0]?.signal.addEventListener('abort', () => hanging.resolve({ name: 'aborted' }));
  await receiver.stop();
  receiver.add([notification('b')]);
  assert.equal(recorded.get('a-firing')?.state, 'pending');
  assert.deepEqual([clock.waiting, posts.length], [[], 1]);
});

test('the queue is bounded: the oldest notifications are abandoned', async () => {
  const { receiver, recorded, logged } = scene();
  receiver.add(Array.from({ length: MAX_QUEUED + 2 }, (_, index) => notification(`a${index}`)));
  assert.equal(receiver.pending, MAX_QUEUED);
  assert.deepEqual([...recorded.keys()], ['a0-firing', 'a1-firing']);
  assert.deepEqual(logged, ['notification-abandoned']);
  await receiver.stop();
});
