import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '@penstock/runtime';
import type { CloseCode, SkipReason } from '@penstock/wire';
import type { DialReport, RouteReport } from '../../src/data-plane-port.ts';
import type { AgentView } from '../../src/fleet/agent-view.ts';
import { explainConnection } from '../../src/fleet/explain-connection.ts';

type Check = AgentView['checks'][number];
type AgentOptions = { checks?: Check[]; session?: boolean; skipReason?: SkipReason };

/** Connection orders over pools dc1 and dc2, with agents and dials added by the test. */
function scene() {
  const routed: (RouteReport['pools'][number]['agents'][number] & { readonly pool: string })[] = [];
  const agents: AgentView[] = [];
  const dials: DialReport[] = [];
  return {
    agent(name: string, pool: string, { checks = [], session = true, skipReason }: AgentOptions = {}) {
      agents.push({
        id: `id-${name}`,
        name,
        pool,
        state: session ? 'connected' : 'disconnected',
        sentence: session ? 'connected' : 'disconnected',
        checks,
      } as unknown as AgentView);
      if (session) routed.push({ agentId: `id-${name}`, pool, skipReason, streams: 2 });
    },
    /** Dials are added oldest first. */
    dialed(at: number, code?: CloseCode) {
      const failure = code && { code, detail: 'reported' };
      dials.unshift({
        client: '10.0.0.9',
        at,
        milliseconds: 1,
        waited: 0,
        failure,
        tries: [{ agent: 'a', pool: 'dc1', milliseconds: 1, failure }],
        skipped: [],
      });
    },
    explain: () =>
      explainConnection(
        {
          connection: 'orders',
          connector: 'orders-db',
          pools: ['dc1', 'dc2'].map((name) => ({
            name,
            queue: { waiting: name === 'dc1' ? 3 : 0, limit: 64 },
            agents: routed.filter(({ pool }) => pool === name),
          })),
          dials,
        },
        agents,
        systemClock,
      ),
  };
}

const check = (reach: Check['reach'], at = 500, detail?: string): Check => ({
  connector: 'orders-db',
  reach,
  at,
  ...(detail !== undefined && { detail }),
});

test('offline names the agents that are not connected, or what excludes each connected one', async () => {
  const at = scene();
  const { verdict, pools } = await at.explain();
  assert.deepEqual([verdict.reach, verdict.detail], ['offline', 'No agent has enrolled for dc1 or dc2.']);
  assert.deepEqual(pools[0]?.queue, { waiting: 3, limit: 64 });
  at.agent('a', 'dc1', { session: false });
  assert.equal((await at.explain()).verdict.detail, 'The only agent of dc1 or dc2 has no session.');
  const [agent] = (await at.explain()).pools[0]?.agents ?? [];
  assert.deepEqual([agent?.skipReason, agent?.streams], ['no-agent', 0]);
  at.agent('b', 'dc2', { skipReason: 'no-connector' });
  assert.match((await at.explain()).verdict.detail ?? '', /has a connector orders-db in its configuration/);
  at.agent('c', 'dc2', { skipReason: 'draining' });
  assert.equal((await at.explain()).verdict.detail, 'b: no-connector, c: draining');
});

test('the verdict is the best evidence among selectable agents', async () => {
  const at = scene();
  at.agent('a', 'dc1', { checks: [check('refused', 500, 'ECONNREFUSED 10.0.0.5:5432')] });
  at.agent('b', 'dc2', { checks: [check('dns')] });
  const { verdict } = await at.explain();
  assert.equal(verdict.reach, 'refused');
  assert.match(verdict.sentence, /refused the connection/);
  assert.match(verdict.advice, /service/);
  assert.equal(verdict.detail, 'Seen by a: ECONNREFUSED 10.0.0.5:5432');
  // Evidence of an agent that cannot be selected does not count.
  at.agent('c', 'dc2', { checks: [check('ready')], skipReason: 'draining' });
  assert.equal((await at.explain()).verdict.reach, 'refused');
});

test('the newer of check and client counts, and codes of the tunnel say nothing about the target', async () => {
  const at = scene();
  at.agent('a', 'dc1', { checks: [check('ready', 2000)] });
  at.dialed(1000, 'REFUSED');
  assert.equal((await at.explain()).verdict.reach, 'ready');
  at.dialed(3000, 'SESSION_LOST');
  assert.equal((await at.explain()).verdict.reach, 'ready');
  at.dialed(4000, 'REFUSED');
  assert.equal((await at.explain()).verdict.reach, 'refused');
  assert.deepEqual((await at.explain()).pools[0]?.agents[0]?.evidence, {
    reach: 'refused',
    at: 4000,
    from: 'client',
    detail: 'reported',
  });
  at.dialed(5000);
  assert.equal((await at.explain()).verdict.reach, 'ready');
});

test('there is no verdict before the first try, and an ejected agent is still selectable', async () => {
  const at = scene();
  at.agent('a', 'dc1', { skipReason: 'ejected' });
  assert.equal((await at.explain()).pools[0]?.agents[0]?.skipReason, 'ejected');
  assert.equal((await at.explain()).verdict.reach, undefined);
  assert.match((await at.explain()).verdict.sentence, /no client or check has tried the target/);
  assert.match((await at.explain()).verdict.advice, /agent check a orders-db\.$/);
});
