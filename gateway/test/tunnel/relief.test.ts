import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leastLoad, type Relieved } from '../../src/tunnel/relief.ts';

const session = (load: number, changes: Partial<Relieved> = {}): Relieved => ({
  load,
  bootId: 'boot',
  acceptsOpens: true,
  acceptsResumes: true,
  isSuspect: false,
  ...changes,
});

test('connections of a congested session move to the least loaded other one of the same process', () => {
  const congested = session(8);
  assert.equal(leastLoad(congested, [congested]), undefined);
  assert.equal(leastLoad(congested, [congested, session(6), session(3), session(9)]), 3);
});

test('none moves to a session that could not take it, or that would be slower', () => {
  for (const unfit of [
    { bootId: 'another process' },
    { replica: 'r2' },
    { acceptsOpens: false },
    { acceptsResumes: false },
    { isSuspect: true },
  ])
    assert.equal(leastLoad(session(8), [session(0, unfit)]), undefined, JSON.stringify(unfit));
});
