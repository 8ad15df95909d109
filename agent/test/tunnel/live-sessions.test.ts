import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveSessions, type ManagedSession } from '../../src/tunnel/live-sessions.ts';

/** A session that only records the calls it receives. */
class FakeSession {
  state: ManagedSession['state'] = 'ready';
  streams = { open: 1, opening: 2 };
  bytesMoved = 0;
  readonly calls: string[] = [];
  readonly #closed = Promise.withResolvers<void>();
  readonly closed = this.#closed.promise;
  mayStay = false;

  send() {
    this.calls.push('message');
  }
  requestSuccessor() {
    if (this.state === 'ready') this.state = 'awaiting-successor';
  }
  stay() {
    this.state = 'ready';
  }
  retire(_reason: string, within?: number) {
    this.state = 'retiring';
    this.calls.push(within === undefined ? 'retire' : `retire within ${within}`);
  }
  suspect() {
    this.calls.push('suspect');
  }
  leave() {
    this.state = 'ended';
    this.#closed.resolve();
  }
}

function startThree() {
  const live = new LiveSessions<FakeSession>(() => 1000);
  const sessions = [new FakeSession(), new FakeSession(), new FakeSession()] as const;
  for (const [index, session] of sessions.entries()) live.add(session, { index, epoch: 'e', serial: 'A' });
  return { live, sessions };
}

test('a successor retires the session with its index, and no other', () => {
  const { live, sessions } = startThree();
  live.add(new FakeSession(), { index: 1, epoch: 'e', serial: 'B' });
  assert.deepEqual(
    sessions.map(({ state }) => state),
    ['ready', 'retiring', 'ready'],
  );
  assert.deepEqual(sessions[1].calls, ['retire']);
  assert.equal(live.ready, 3);
  assert.deepEqual(live.streams, { open: 4, opening: 8 });
});

test('a session that awaits its successor no longer counts as ready and stays in use', () => {
  const { live, sessions } = startThree();
  live.replaceOne('test');
  assert.deepEqual(
    sessions.map(({ state }) => state),
    ['awaiting-successor', 'ready', 'ready'],
  );
  assert.equal(live.ready, 2);
});

test('only sessions made with another certificate are replaced', () => {
  const { live, sessions } = startThree();
  live.add(new FakeSession(), { index: 0, epoch: 'e', serial: 'B' });
  live.replaceAll('test', 'B');
  assert.deepEqual(
    sessions.map(({ state }) => state),
    ['retiring', 'awaiting-successor', 'awaiting-successor'],
  );
  assert.equal(live.ready, 1);
});

test('a session is removed when its connection has closed', async () => {
  const { live, sessions } = startThree();
  sessions[0].leave();
  await sessions[0].closed;
  assert.deepEqual(live.streams, { open: 2, opening: 4 });
});

test('sessions beyond the configured number retire', () => {
  const { live, sessions } = startThree();
  live.retireFrom(1, 'test');
  assert.deepEqual(
    sessions.map(({ state }) => state),
    ['ready', 'retiring', 'retiring'],
  );
});

test('when too many sessions retire, the oldest get a deadline, each only once', () => {
  const live = new LiveSessions<FakeSession>(() => 1000);
  const generations = Array.from({ length: 16 }, () => new FakeSession());
  for (const session of generations) live.add(session, { index: 0, epoch: 'e', serial: 'A' });
  const withDeadline = generations.filter(({ calls }) => calls.includes('retire within 1000'));
  assert.deepEqual(withDeadline, generations.slice(0, withDeadline.length));
  assert.equal(withDeadline.length, 3);
  assert.deepEqual(generations[0]?.calls, ['retire', 'retire within 1000']);
});

test('when the gateway has no room, the oldest retiring session gets a deadline', () => {
  const { live, sessions } = startThree();
  live.makeRoom();
  assert.deepEqual(sessions[0].calls, []);
  live.retireFrom(1, 'test');
  live.makeRoom();
  assert.deepEqual(
    sessions.map(({ calls }) => calls.at(-1)),
    [undefined, 'retire within 1000', 'retire'],
  );
});

test('messages and suspicion reach every session', () => {
  const { live, sessions } = startThree();
  live.announce({ type: 'draining' });
  live.suspectAll();
  assert.deepEqual(
    sessions.map(({ calls }) => calls),
    Array(3).fill(['message', 'suspect']),
  );
});

test('a drain resolves when the last connection has closed', async () => {
  const { live, sessions } = startThree();
  let done = false;
  const drained = live.drain().then(() => {
    done = true;
  });
  assert.deepEqual(
    sessions.map(({ calls }) => calls),
    Array(3).fill(['retire within 1000']),
  );
  sessions[0].leave();
  sessions[1].leave();
  await sessions[1].closed;
  assert.equal(done, false);
  sessions[2].leave();
  await drained;
});
