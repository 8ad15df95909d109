import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentStates } from '@penstock/api-schema';
import fc from 'fast-check';
import { type Counted, FleetCounts } from '../../src/fleet/fleet-counts.ts';

test('after any changes, the counts are those of the agents as they are', () => {
  const counted = fc.record({
    pool: fc.constantFrom('dc1', 'dc2'),
    state: fc.constantFrom(...agentStates),
    sessions: fc.nat(3),
    isInSync: fc.constantFrom(true, false, undefined),
  });
  const step = fc.record({
    name: fc.constantFrom('a1', 'a2', 'a3'),
    counted: fc.option(counted, { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const counts = new FleetCounts();
      const agents = new Map<string, Counted>();
      for (const { name, counted: next } of steps) {
        counts.set(name, next);
        if (next === undefined) agents.delete(name);
        else agents.set(name, next);
      }
      for (const pool of ['dc1', 'dc2', 'no-such-pool']) {
        const own = [...agents.values()].filter((each) => each.pool === pool);
        const { agents: states, sessions, ready, pinned, inSync } = counts.pool(pool);
        for (const state of agentStates) {
          assert.equal(states[state], own.filter((each) => each.state === state).length);
        }
        assert.equal(
          sessions,
          own.reduce((sum, each) => sum + each.sessions, 0),
        );
        const accepting = own.filter(
          (each) => each.sessions > 0 && ['connected', 'degraded', 'stale'].includes(each.state),
        );
        assert.equal(ready, accepting.length);
        assert.equal(pinned, own.filter(({ isInSync }) => isInSync !== undefined).length);
        assert.equal(inSync, own.filter(({ isInSync }) => isInSync === true).length);
      }
    }),
  );
});
