import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Keepable, LiveSessions } from '../../src/tunnel/live-sessions.ts';

/** A session that only remembers what it was told. */
class FakeSession {
  state: Keepable['state'] = 'ready';
  streams = { open: 1, opening: 2 };
  readonly told: string[] = [];
  readonly #closed = Promise.withResolvers<void>();
  readonly closed = this.#closed.promise;

  send() {
    this.told.push('message');
  }
  makeOutgoing() {
    if (this.state === 'ready') this.state = 'outgoing';
  }
  retire(_reason: string, within?: number) {
    this.state = 'retiring';
    this.told.push(within === undefined ? 'retire' : `retire within ${within}`);
  }
  suspect() {
    this.told.push('suspect');
  }
  end() {
    this.state = 'ended';
    this.#closed.resolve();
  }
}

function startThree() {
  const live = new LiveSessions(() => 1000);
  const sessions = [new FakeSession(), new FakeSession(), new FakeSession()] as const;
  for (const [slot, session] of sessions.entries()) live.add(session, { slot, serial: 'A' });
  return { live, sessions };
}

test('a successor retires the session of its slot, and no other', () => {
  const { live, sessions } = startThree();
  live.add(new FakeSession(), { slot: 1, serial: 'B' });
  assert.deepEqual(
    sessions.map(({ state }) => state),
    ['ready', 'retiring', 'ready'],
  );
  assert.deepEqual(sessions[1].told, ['retire']);
  assert.equal(live.ready, 3);
  assert.deepEqual(live.streams, { open: 4, opening: 8 });
});

test('a session that is to be replaced no longer counts as ready, and serves on', () => {
  const { live, sessions } = startThree();
  live.replaceOne('test');
  assert.deepEqual(
    sessions.map(({ state }) => state),
    ['outgoing', 'ready', 'ready'],
  );
  assert.equal(live.ready, 2);
});

test('only sessions of another certificate are replaced', () => {
  const { live, sessions } = startThree();
  live.add(new FakeSession(), { slot: 0, serial: 'B' });
  live.replaceAll('test', 'B');
  assert.deepEqual(
    sessions.map(({ state }) => state),
    ['retiring', 'outgoing', 'outgoing'],
  );
  assert.equal(live.ready, 1);
});

test('a session is forgotten when its connection has closed', async () => {
  const { live, sessions } = startThree();
  sessions[0].end();
  await sessions[0].closed;
  assert.deepEqual(live.streams, { open: 2, opening: 4 });
});

test('sessions above the wanted number retire', () => {
  const { live, sessions } = startThree();
  live.retireFrom(1, 'test');
  assert.deepEqual(
    sessions.map(({ state }) => state),
    ['ready', 'retiring', 'retiring'],
  );
});

test('of too many retiring sessions the oldest get a deadline, each once', () => {
  const live = new LiveSessions(() => 1000);
  const generations = Array.from({ length: 16 }, () => new FakeSession());
  for (const session of generations) live.add(session, { slot: 0, serial: 'A' });
  const hurried = generations.filter(({ told }) => told.includes('retire within 1000'));
  assert.deepEqual(hurried, generations.slice(0, hurried.length));
  assert.equal(hurried.length, 3);
  assert.deepEqual(generations[0]?.told, ['retire', 'retire within 1000']);
});

test('when the gateway has no room, the oldest retiring session makes some', () => {
  const { live, sessions } = startThree();
  live.makeRoom();
  assert.deepEqual(sessions[0].told, []);
  live.retireFrom(1, 'test');
  live.makeRoom();
  assert.deepEqual(
    sessions.map(({ told }) => told.at(-1)),
    [undefined, 'retire within 1000', 'retire'],
  );
});

test('messages and suspicion reach all', () => {
  const { live, sessions } = startThree();
  live.announce({ type: 'draining' });
  live.suspectAll();
  assert.deepEqual(
    sessions.map(({ told }) => told),
    Array(3).fill(['message', 'suspect']),
  );
});

test('a drain comes back when the last connection has closed', async () => {
  const { live, sessions } = startThree();
  let done = false;
  const drained = live.drain().then(() => {
    done = true;
  });
  assert.deepEqual(
    sessions.map(({ told }) => told),
    Array(3).fill(['retire within 1000']),
  );
  sessions[0].end();
  sessions[1].end();
  await sessions[1].closed;
  assert.equal(done, false);
  sessions[2].end();
  await drained;
});
