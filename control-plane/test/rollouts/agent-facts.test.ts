import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentView } from '../../src/fleet/agent-view.ts';
import { factsOf, reportsOfRetried } from '../../src/rollouts/agent-facts.ts';
import { testView } from '../fleet/test-view.ts';

const target = { kind: 'software', version: '2.0.0' } as const;
/** As much of an agent as the facts of a rollout are about. */
const reporting = (since: number) =>
  ({
    reasons: [],
    upgrade: { state: 'failed', code: 'EXITED', rollout: 'r1', since },
  }) as unknown as AgentView;

test('after a retry, neither the last report of the attempt before nor an older one counts, and a newer one does', () => {
  const progress = (since: number, reportBefore?: number) =>
    factsOf(reporting(since), 'r1', target, reportBefore).progress?.state;
  assert.equal(progress(5), 'failed');
  assert.equal(progress(5, 5), undefined);
  assert.equal(progress(4, 5), undefined);
  assert.equal(progress(6, 5), 'failed');
});

test('a retry remembers the reports of agents that failed, and of those whose hosts prevented the change', () => {
  const agents = [
    { id: 'a', state: 'failed', skipped: undefined },
    { id: 'b', state: 'skipped', skipped: 'host' },
    { id: 'c', state: 'skipped', skipped: 'offline' },
    { id: 'd', state: 'updated', skipped: undefined },
  ] as const;
  const fleet = { agentById: () => reporting(5) };
  assert.deepEqual(reportsOfRetried('r1', agents, fleet), { a: 5, b: 5 });
});

test('an agent without a report is waited for until it is stale, and only for software', () => {
  const config = { kind: 'config', version: 13, digest: 'sha256:13', before: undefined } as const;
  const hasReported = (view: AgentView, what: typeof target | typeof config = target) =>
    factsOf(view, 'r1', what, undefined).hasReported;
  const silent = testView('a', { hasReported: false });
  assert.equal(hasReported(silent), false);
  assert.equal(hasReported(silent, config), true);
  assert.equal(hasReported(testView('a', { hasReported: false }, 'HEARTBEAT_MISSING')), true);
});
