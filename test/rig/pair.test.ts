import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectNoLeaks } from './leaks.ts';
import { startPair } from './pair.ts';

test('a pair that cannot be started leaves nothing behind', async () => {
  await using _leaks = expectNoLeaks();
  // The gateway runs by then, and refuses a token for a pool that it does not have.
  const started = startPair({ targets: {}, gateway: { pools: [{ name: 'other' }] } });
  await assert.rejects(started, /POOL_UNKNOWN/);
  // An agent that does not start, after one that did.
  const agent = startPair({ targets: {}, agents: { a1: 'dc1', 'no name': 'dc1' } });
  await assert.rejects(agent, /name/);
});
