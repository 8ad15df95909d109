import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OwnerMessage, PeerSession } from '@penstock/cluster';
import { systemClock } from '@penstock/runtime';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { PeerDirectory } from '../../src/relay/peer-directory.ts';
import { SessionPublisher } from '../../src/relay/session-publisher.ts';
import type { RegisteredSession } from '../../src/tunnel/session-registry.ts';
import { quietDirectory } from './quiet-directory.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

type Session = Pick<RegisteredSession, 'id' | 'load'>;

/** A replica that tells another one of its sessions, over a path that may lag or lose a message. */
function setUp() {
  const sessions = new Map<string, RegisteredSession>();
  const path = { isLagging: false, drained: new Set<() => void>(), loses: 0, resyncs: 0 };
  const snapshots: OwnerMessage[] = [];
  const directory = new PeerDirectory({
    ...quietDirectory,
    onFailed: assert.ifError,
    clock: systemClock,
  });
  const peer = {
    replica: { id: 'r2', epoch: 'e' },
    send() {
      path.resyncs += 1;
      publisher.resync();
    },
  } as unknown as PeerSession;
  directory.opened(peer);
  const publisher = new SessionPublisher(
    {
      get isLagging() {
        return path.isLagging;
      },
      onDrained: (listener) => path.drained.add(listener),
      send(message) {
        if (message.type === 'snapshot') snapshots.push(message);
        if (path.loses > 0) path.loses -= 1;
        else directory.received(message);
      },
    },
    {
      epoch: 'e',
      sessions: () => sessions.values(),
      state: () => 'running',
      revision: () => 1,
      clients: () => [],
      grants: () => [],
      clock: { ...fakeClock(), afterPoll: systemClock.afterPoll },
    },
  );
  const open = (id: string) => {
    const session = {
      id,
      identity: { agentId: id, name: id, pool: 'dc1', organization: 'o' },
      state: 'ready',
      address: '127.0.0.1',
      openedAt: 0,
      load: 0,
      hello: { type: 'hello', connectors: [] },
    } as unknown as RegisteredSession;
    sessions.set(id, session);
    publisher.changed(session);
  };
  const end = (id: string) => {
    sessions.delete(id);
    publisher.ended({ id }, 'SESSION_LOST');
  };
  const drain = () => {
    path.isLagging = false;
    const due = [...path.drained];
    path.drained.clear();
    for (const listener of due) listener();
  };
  const idsOf = (some: Iterable<Session>) => [...some].map(({ id }) => id).sort();
  const expectEqual = async () => {
    for (let turns = 0; turns < 20; turns += 1) await turn();
    assert.ok(directory.isDescribed);
    assert.deepEqual(idsOf(directory.sessions), idsOf(sessions.values()));
  };
  return { path, directory, publisher, snapshots, open, end, drain, expectEqual };
}

test('what a replica did not say while its peer lagged is in a snapshot that follows', async () => {
  const { path, snapshots, open, end, drain, expectEqual } = setUp();
  for (const id of ['a', 'b', 'c']) open(id);
  await expectEqual();
  path.isLagging = true;
  end('a');
  open('d');
  path.isLagging = false;
  end('b');
  drain();
  await expectEqual();
  assert.equal(snapshots.length, 2, 'the first one, and one for all that was left out');
});

test('a message that is missing makes the peer ask for everything, and count nothing until it comes', async () => {
  const { path, directory, snapshots, open, end, expectEqual } = setUp();
  for (const id of ['a', 'b', 'c']) open(id);
  await expectEqual();
  path.loses = 1;
  end('a');
  assert.equal(directory.isDescribed, true, 'nobody knows yet');
  open('d');
  assert.equal(path.resyncs, 1);
  await expectEqual();
  assert.equal(path.resyncs, 1);
  assert.equal(snapshots.length, 2);
});

test('whatever is lost or left out, both have the same sessions in the end', async () => {
  const { path, publisher, open, end, drain, expectEqual } = setUp();
  // Always the same course, in which everything happens to everything.
  let state = 1;
  const choose = (count: number) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % count;
  };
  for (let step = 0; step < 2_000; step += 1) {
    const id = `s${choose(20)}`;
    switch (choose(8)) {
      case 0:
        path.isLagging = true;
        break;
      case 1:
        drain();
        break;
      case 2:
        path.loses = 1;
        break;
      case 3:
        await turn();
        break;
      case 4:
      case 5:
        end(id);
        break;
      default:
        open(id);
    }
  }
  path.loses = 0;
  drain();
  await turn();
  // The peer notices by the next message, at the latest by that of the next second.
  publisher.tick();
  await expectEqual();
  assert.ok(path.resyncs > 50, `${path.resyncs} gaps`);
});
