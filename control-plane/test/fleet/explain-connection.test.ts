import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CloseCode, ProbeResult, Reach, SkipReason } from '@penstock/wire';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import type { DialReport, RouteReport } from '../../src/data-plane-port.ts';
import type { AgentView } from '../../src/fleet/agent-view.ts';
import { explainConnection } from '../../src/fleet/explain-connection.ts';
import { FreshChecks } from '../../src/fleet/fresh-checks.ts';

type Check = AgentView['checks'][number];
type AgentOptions = {
  checks?: Check[];
  session?: boolean;
  skipReason?: SkipReason;
  state?: AgentView['state'];
  detail?: string;
  kind?: string;
  skew?: number;
};

const NOW = 1_000_000;

/** Connection orders over pools dc1 and dc2, with agents, dials and answers to checks added by the test. */
function scene() {
  const clock = fakeClock(NOW);
  const routed: (RouteReport['pools'][number]['agents'][number] & { readonly pool: string })[] = [];
  const agents: AgentView[] = [];
  const dials: DialReport[] = [];
  const denied: RouteReport['denials']['addresses'][number][] = [];
  const answers = new Map<string, Reach>();
  const asked: string[] = [];
  const send = async ({ name }: { name: string }): Promise<ProbeResult> => {
    asked.push(name);
    const found = answers.get(name);
    if (found === undefined) throw new Error(`${name} did not answer within 3 s.`);
    return { reach: found, message: '', advice: '', stages: [] };
  };
  const checks = new FreshChecks(send, clock);
  return {
    clock,
    answers,
    asked,
    agent(name: string, pool: string, options: AgentOptions = {}) {
      const { checks: reported = [], session = true, skipReason, kind, detail, skew } = options;
      const state = options.state ?? (session ? 'connected' : 'disconnected');
      agents.push({
        id: `id-${name}`,
        name,
        pool,
        state,
        message: state,
        advice: `Advice for ${state}.`,
        detail,
        reasons: [{ state, code: state === 'draining' ? 'DRAINED_BY_OPERATOR' : 'CONNECTED' }],
        connectors: kind === undefined ? undefined : [{ name: 'orders-db', kind }],
        clock: skew === undefined ? undefined : { skew, roundTrip: 1 },
        checks: reported,
      } as unknown as AgentView);
      if (session) routed.push({ agentId: `id-${name}`, pool, skipReason, streams: 2 });
    },
    denied(address: string, at: number, ingress?: string) {
      const reason = 'source-not-allowed';
      denied.unshift({ address, at, count: 1, reason, detail: '', ingress });
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
    explain: (source?: RouteReport['source']) =>
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
          denials: { counts: { 'source-not-allowed': denied.length }, addresses: denied },
          source,
        },
        agents,
        checks,
        clock,
      ),
  };
}

const check = (reach: Check['reach'], at = NOW - 500, detail?: string): Check => ({
  connector: 'orders-db',
  reach,
  at,
  ...(detail !== undefined && { detail }),
});

test('the verdict is offline when no agent has a session, and states the agents', async () => {
  const at = scene();
  const { verdict, pools } = await at.explain();
  assert.deepEqual([verdict.reach, verdict.detail], ['offline', 'No agent has enrolled for dc1 or dc2.']);
  assert.deepEqual(pools[0]?.queue, { waiting: 3, limit: 64 });
  at.agent('a', 'dc1', { session: false });
  const alone = (await at.explain()).verdict;
  assert.deepEqual(
    [alone.detail, alone.command],
    ['The only agent of dc1 or dc2 has no session.', 'penstock-gateway agent show a'],
  );
  const [agent] = (await at.explain()).pools[0]?.agents ?? [];
  assert.deepEqual([agent?.skipReason, agent?.streams], ['no-session', 0]);
  at.agent('b', 'dc2', { session: false });
  assert.equal((await at.explain()).verdict.detail, 'None of the 2 agents of dc1 or dc2 has a session.');
  at.agent('c', 'dc2', { session: false, state: 'stale' });
  const mixed = await at.explain();
  assert.equal(mixed.verdict.reach, 'offline');
  assert.equal(
    mixed.verdict.detail,
    'None of the 3 agents of dc1 or dc2 can be used: 2 without a session, 1 stale, without a session or a heartbeat.',
  );
  assert.deepEqual(
    mixed.pools.map(({ counts }) => counts),
    [{ 'no-session': 1 }, { 'no-session': 1, stale: 1 }],
  );
});

test('a quarantined pool is unavailable, not offline, and the verdict says why', async () => {
  const at = scene();
  at.agent('a', 'dc1', { skipReason: 'suspended', state: 'quarantined', detail: 'It runs 3, pinned is 4.' });
  at.agent('b', 'dc1', { skipReason: 'suspended', state: 'quarantined' });
  const { verdict } = await at.explain();
  assert.equal(verdict.reach, 'unavailable');
  assert.equal(verdict.message, 'None of the 2 agents of dc1 or dc2 can be used: 2 quarantined.');
  assert.equal(verdict.detail, 'a: It runs 3, pinned is 4.');
  assert.equal(verdict.advice, 'Advice for quarantined.');
  assert.equal(verdict.command, 'penstock-gateway agent show a');
});

test('every mixture of states is counted, and the advice is for a connected agent', async () => {
  const at = scene();
  at.agent('a', 'dc1', { skipReason: 'suspended', state: 'quarantined' });
  at.agent('b', 'dc1', { skipReason: 'suspended', state: 'draining' });
  at.agent('c', 'dc1', { skipReason: 'no-connector' });
  at.agent('d', 'dc2', { skipReason: 'full' });
  at.agent('e', 'dc2', { skipReason: 'draining' });
  for (const name of ['f', 'g']) at.agent(name, 'dc2', { session: false });
  at.agent('h', 'dc2', { session: false, state: 'identity-expired' });
  const { verdict, pools } = await at.explain();
  assert.equal(verdict.reach, 'unavailable');
  assert.match(verdict.message, /^None of the 8 agents of dc1 or dc2 can be used: 2 without a session, /);
  for (const part of ['1 quarantined', '1 drained by an operator', '1 at the stream limit', '1 draining']) {
    assert.ok(verdict.message.includes(part), part);
  }
  assert.ok(verdict.message.includes('1 without this connector in its agent.yaml'));
  assert.ok(verdict.message.includes('1 without a valid certificate'));
  assert.doesNotMatch(verdict.advice, /disconnected/);
  assert.deepEqual(pools[1]?.counts, { full: 1, draining: 1, 'no-session': 2, 'identity-expired': 1 });
});

test('an agent that is down in a healthy pool is described by itself, not by its pool', async () => {
  const at = scene();
  at.agent('a', 'dc1', { checks: [check('ready')] });
  at.agent('b', 'dc1', { session: false });
  const { verdict, pools } = await at.explain();
  assert.equal(verdict.reach, 'ready');
  assert.equal(pools[0]?.agents[1]?.skipReason, 'no-session');
  assert.deepEqual(pools[0]?.counts, { usable: 1, 'no-session': 1 });
});

test('the verdict is the best evidence among selectable agents', async () => {
  const at = scene();
  at.agent('a', 'dc1', { checks: [check('refused', NOW - 500, 'ECONNREFUSED 10.0.0.5:5432')] });
  at.agent('b', 'dc2', { checks: [check('dns')] });
  const { verdict } = await at.explain();
  assert.equal(verdict.reach, 'refused');
  assert.match(verdict.message, /refused the connection/);
  assert.match(verdict.advice, /service/);
  assert.equal(
    verdict.detail,
    "Seen by the agent's own check through a, 0s ago: ECONNREFUSED 10.0.0.5:5432. Not through b (dns).",
  );
  // Evidence of an agent that cannot be selected does not count.
  at.agent('c', 'dc2', { checks: [check('ready')], skipReason: 'draining' });
  assert.equal((await at.explain()).verdict.reach, 'refused');
});

test('the newer of check and client counts, and codes of the tunnel say nothing about the target', async () => {
  const at = scene();
  at.agent('a', 'dc1', { checks: [check('ready', NOW - 8000)] });
  at.dialed(NOW - 9000, 'REFUSED');
  assert.equal((await at.explain()).verdict.reach, 'ready');
  at.dialed(NOW - 7000, 'SESSION_LOST');
  assert.equal((await at.explain()).verdict.reach, 'ready');
  at.dialed(NOW - 6000, 'REFUSED');
  assert.equal((await at.explain()).verdict.reach, 'refused');
  assert.deepEqual((await at.explain()).pools[0]?.agents[0]?.evidence, {
    reach: 'refused',
    at: NOW - 6000,
    from: 'client',
    detail: 'reported',
  });
  at.dialed(NOW - 5000);
  assert.equal((await at.explain()).verdict.reach, 'ready');
});

test('a check by an agent whose clock is ahead is as old as it is', async () => {
  const at = scene();
  at.agent('a', 'dc1', { checks: [check('ready', NOW - 60_000)], skew: 3_600_000 });
  assert.equal((await at.explain()).verdict.reach, undefined);
});

test('there is no verdict before the first try, and an ejected agent is still selectable', async () => {
  const at = scene();
  at.agent('a', 'dc1', { skipReason: 'ejected' });
  assert.equal((await at.explain()).pools[0]?.agents[0]?.skipReason, 'ejected');
  assert.equal((await at.explain()).verdict.reach, undefined);
  assert.match((await at.explain()).verdict.detail ?? '', /No client or check has tried it/);
  assert.equal((await at.explain()).verdict.command, 'penstock-gateway agent check a orders-db');
});

test('an old observation is not a verdict, and the explanation says how old it is', async () => {
  const at = scene();
  at.agent('a', 'dc1');
  at.dialed(NOW - 24 * 60_000);
  const { verdict, pools } = await at.explain();
  assert.equal(verdict.reach, undefined);
  assert.match(verdict.message, /not known whether the target answers/);
  assert.match(verdict.detail ?? '', /24m old: ready, by a client through a\.$/);
  assert.equal(verdict.at, NOW - 24 * 60_000);
  assert.equal(pools[0]?.agents[0]?.evidence?.at, NOW - 24 * 60_000);
  assert.deepEqual(at.asked, [], 'the agent has not announced the connector');
});

test('usable agents are asked where that is safe, and their answers replace older ones', async () => {
  const at = scene();
  for (const name of ['a', 'b', 'c', 'd']) at.agent(name, 'dc1', { kind: 'postgresql' });
  at.dialed(NOW - 1000);
  for (const name of ['a', 'b', 'c']) at.answers.set(name, 'refused');
  assert.equal((await at.explain()).verdict.reach, 'refused');
  await at.explain();
  assert.deepEqual(at.asked, ['a', 'b', 'c'], 'no more than three, and each once within two seconds');
  at.clock.block(2_000);
  at.answers.set('b', 'ready');
  const { verdict } = await at.explain();
  assert.deepEqual([verdict.reach, verdict.agent], ['ready', 'b']);
  assert.match(
    verdict.detail ?? '',
    /a check made just now through b\. Not through a \(refused\), c \(refused\)/,
  );
});

test('an agent that does not answer leaves the verdict open', async () => {
  const at = scene();
  at.agent('a', 'dc1', { kind: 'postgresql' });
  at.dialed(NOW - 10 * 60_000);
  const { verdict, pools } = await at.explain();
  assert.equal(verdict.reach, undefined);
  assert.match(verdict.detail ?? '', /10m old: ready.*a did not answer within 3 s\.$/);
  assert.equal(pools[0]?.agents[0]?.problem, 'a did not answer within 3 s.');
});

test('the verdict mentions the newest client when it was denied', async () => {
  const at = scene();
  at.agent('a', 'dc1', { checks: [check('ready')] });
  at.denied('203.0.113.9', NOW - 120_000);
  assert.match(
    (await at.explain()).verdict.detail ?? '',
    /The newest client, 203\.0\.113\.9, was denied 2m ago: The address of the client is not in the allow list/,
  );
  at.dialed(NOW - 60_000);
  assert.doesNotMatch((await at.explain()).verdict.detail ?? '', /denied/);
});

test('a client of a shared ingress that was denied before its connection was known is not called a client of this one', async () => {
  const at = scene();
  at.agent('a', 'dc1', { checks: [check('ready')] });
  at.denied('203.0.113.9', NOW - 120_000, '0.0.0.0:1080');
  const { detail = '' } = (await at.explain()).verdict;
  assert.match(
    detail,
    /A client of the shared ingress 0\.0\.0\.0:1080, 203\.0\.113\.9, was denied 2m ago, before it was known/,
  );
  assert.doesNotMatch(detail, /newest client/);
});

test('a client that no ingress allows is not allowed, whatever the target does', async () => {
  const at = scene();
  at.agent('a', 'dc1', { checks: [check('ready')] });
  const access = { kind: 'tcp', listen: '0.0.0.0:5432', host: undefined, needsGrant: false };
  const allowed = await at.explain({
    address: '10.1.2.3',
    ingresses: [{ ...access, allow: ['10.0.0.0/8'], range: '10.0.0.0/8' }],
  });
  assert.equal(allowed.verdict.reach, 'ready');
  const { verdict } = await at.explain({
    address: '203.0.113.9',
    ingresses: [{ ...access, allow: ['10.0.0.0/8'], range: undefined }],
  });
  assert.equal(verdict.reach, 'not-allowed');
  assert.equal(verdict.detail, '203.0.113.9 is in none of the allow lists: 0.0.0.0:5432 allows 10.0.0.0/8.');
  assert.match(verdict.advice, /allow of an ingress/);
});
