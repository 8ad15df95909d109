import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Relieved, relieve } from '../../src/tunnel/relief.ts';

type FakeSession = Relieved & { moved: number };

const session = (busy: number | undefined, changes: Partial<Relieved> = {}): FakeSession => ({
  bootId: 'boot',
  acceptsOpens: true,
  acceptsResumes: true,
  isSuspect: false,
  moved: 0,
  countBusy: () => busy,
  relieve(count) {
    this.moved += count;
  },
  ...changes,
});

/** How many connections a session with eight busy ones moves. */
function movedBeside(...others: readonly FakeSession[]): number {
  const congested = session(8);
  relieve(congested, [congested, ...others]);
  return congested.moved;
}

test('half of the busy connections that a congested session has more than the least busy one move', () => {
  assert.equal(movedBeside(), 0);
  assert.equal(movedBeside(session(7)), 0);
  assert.equal(movedBeside(session(6), session(3), session(9)), 2);
  assert.equal(movedBeside(session(0)), 4);
});

test('nothing moves before busy connections were counted', () => {
  assert.equal(movedBeside(session(undefined)), 0);
  const congested = session(undefined);
  relieve(congested, [congested, session(0)]);
  assert.equal(congested.moved, 0);
});

test('none moves to a session that could not take it, or that would be slower', () => {
  for (const unfit of [
    { bootId: 'another process' },
    { replica: 'r2' },
    { acceptsOpens: false },
    { acceptsResumes: false },
    { isSuspect: true },
  ])
    assert.equal(movedBeside(session(0, unfit)), 0, JSON.stringify(unfit));
});
