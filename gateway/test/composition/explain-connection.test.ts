import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentView } from '@penstock/control-plane';
import { explainConnection } from '../../src/composition/explain-connection.ts';
import { DialHistory, type DialRecord } from '../../src/routing/dial-history.ts';
import { FakeSession } from '../routing/fake-session.ts';

type Check = AgentView['checks'][number];

/** Pools dc1 and dc2, a connection orders, and whatever a test puts there. */
function scene() {
  const sessions: FakeSession[] = [];
  const agents: AgentView[] = [];
  const history = new DialHistory();
  const ejected = new Set<string>();
  return {
    history,
    ejected,
    agent(
      name: string,
      pool: string,
      { checks = [], session = true }: { checks?: Check[]; session?: boolean } = {},
    ) {
      agents.push({
        id: `id-${name}`,
        name,
        pool,
        state: session ? 'connected' : 'disconnected',
        sentence: session ? 'well' : 'away',
        checks,
      } as unknown as AgentView);
      const made = new FakeSession(name, pool);
      if (session) sessions.push(made);
      return made;
    },
    dialed(more: Partial<DialRecord>) {
      history.add({
        connection: 'orders',
        client: '10.0.0.9',
        at: 1000,
        milliseconds: 1,
        waited: 0,
        failure: undefined,
        tries: [],
        passedOver: [],
        ...more,
      });
    },
    explain() {
      const found = explainConnection('orders', {
        routes: {
          route: (name) =>
            name === 'orders'
              ? { name, connector: 'orders-db', pools: ['dc1', 'dc2'], maxConnections: 9 }
              : undefined,
          pool: (name) => ({
            name,
            pinning: 'off',
            minReady: 1,
            queue: { limit: 64, timeout: 1 },
            approval: [],
          }),
        },
        sessionsOf: (pool) => sessions.filter(({ identity }) => identity.pool === pool),
        queue: { depth: (pool) => (pool === 'dc1' ? 3 : 0) },
        ejection: { isEjected: (_connector, id) => ejected.has(id) },
        checkFails: (connector, id) =>
          agents.some(
            (agent) =>
              agent.id === id &&
              agent.checks.some((each) => each.connector === connector && each.reach !== 'ready'),
          ),
        history,
        agents: () => agents,
      });
      assert.ok(found);
      return found;
    },
  };
}

const check = (reach: Check['reach'], at = 500, detail?: string): Check => ({
  connector: 'orders-db',
  reach,
  at,
  ...(detail !== undefined && { detail }),
});

test('offline says who is away and why', () => {
  const at = scene();
  const { verdict, pools } = at.explain();
  assert.deepEqual([verdict.reach, verdict.detail], ['offline', 'No agent has enrolled for dc1 or dc2.']);
  assert.deepEqual(pools[0]?.queue, { waiting: 3, limit: 64 });
  at.agent('a', 'dc1', { session: false });
  assert.equal(at.explain().verdict.detail, 'The agent of dc1 or dc2 has no session.');
  assert.equal(at.explain().pools[0]?.agents[0]?.why, 'no-agent');
  at.agent('b', 'dc2').connectors = [];
  assert.match(at.explain().verdict.detail ?? '', /has a connector orders-db in its file/);
  at.agent('c', 'dc2').takesOpens = false;
  assert.equal(at.explain().verdict.detail, 'b: no-connector, c: draining');
});

test('the verdict is the best that an agent which would be asked has found', () => {
  const at = scene();
  at.agent('a', 'dc1', { checks: [check('refused', 500, 'ECONNREFUSED 10.0.0.5:5432')] });
  at.agent('b', 'dc2', { checks: [check('dns')] });
  const { verdict } = at.explain();
  assert.equal(verdict.reach, 'refused');
  assert.match(verdict.sentence, /refused the connection/);
  assert.match(verdict.advice, /service runs/);
  assert.equal(verdict.detail, 'Seen by a: ECONNREFUSED 10.0.0.5:5432');
  // An agent that would not be asked may reach the target as well as it likes.
  at.agent('c', 'dc2', { checks: [check('ready')] }).takesOpens = false;
  assert.equal(at.explain().verdict.reach, 'refused');
});

test('of a check and a client the newer one counts, and codes of the tunnel say nothing of the target', () => {
  const at = scene();
  at.agent('a', 'dc1', { checks: [check('ready', 2000)] });
  const failed = (code: 'REFUSED' | 'SESSION_LOST', time: number) =>
    at.dialed({
      at: time,
      failure: { code, detail: 'told' },
      tries: [{ agent: 'a', pool: 'dc1', milliseconds: 1, failure: { code, detail: 'told' } }],
    });
  failed('REFUSED', 1000);
  assert.equal(at.explain().verdict.reach, 'ready');
  failed('SESSION_LOST', 3000);
  assert.equal(at.explain().verdict.reach, 'ready');
  failed('REFUSED', 4000);
  assert.equal(at.explain().verdict.reach, 'refused');
  assert.deepEqual(at.explain().pools[0]?.agents[0]?.evidence, {
    reach: 'refused',
    at: 4000,
    from: 'client',
    detail: 'told',
  });
  at.dialed({ at: 5000, tries: [{ agent: 'a', pool: 'dc1', milliseconds: 1, failure: undefined }] });
  assert.equal(at.explain().verdict.reach, 'ready');
});

test('nobody tried yet is no verdict; an agent that is ejected is still one that would be asked', () => {
  const at = scene();
  at.agent('a', 'dc1');
  assert.equal(at.explain().verdict.reach, undefined);
  assert.match(at.explain().verdict.sentence, /nobody has tried/);
  assert.match(String(at.explain().verdict.advice), /agent check \S+ \S+\.$/);
  at.ejected.add('id-a');
  assert.equal(at.explain().pools[0]?.agents[0]?.why, 'ejected');
  assert.equal(at.explain().verdict.reach, undefined);
});
