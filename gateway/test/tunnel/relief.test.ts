import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectionsToMove, type Relieved } from '../../src/tunnel/relief.ts';

const session = (load: number, changes: Partial<Relieved> = {}): Relieved => ({
  load,
  bootId: 'boot',
  acceptsOpens: true,
  acceptsResumes: true,
  isSuspect: false,
  ...changes,
});

test('half of what a congested session has more than the least loaded one moves, eight at once at most', () => {
  const congested = session(8);
  assert.equal(connectionsToMove(congested, [congested]), 0);
  assert.equal(connectionsToMove(congested, [congested, session(7)]), 0);
  assert.equal(connectionsToMove(congested, [congested, session(6), session(3)]), 2);
  assert.equal(connectionsToMove(congested, [congested, session(0)]), 4);
  assert.equal(connectionsToMove(session(500), [session(0)]), 8);
});

test('nothing moves to a session that could not take it, or that would be slower', () => {
  for (const unfit of [
    { bootId: 'another process' },
    { replica: 'r2' },
    { acceptsOpens: false },
    { acceptsResumes: false },
    { isSuspect: true },
  ])
    assert.equal(connectionsToMove(session(8), [session(0, unfit)]), 0, JSON.stringify(unfit));
});
