import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AgentDetail, type AgentResource, agentConditions } from '@penstock/api-schema';
import { StoreError } from '@penstock/store';
import { absentView, testView } from '../fleet/test-view.ts';
import { agentKey, FROM, requestOf } from '../identity/identity-rig.ts';
import { type Answer, type ApiRig, apiRig, assertProblem } from './api-rig.ts';

type AgentListing = { items: AgentResource[]; nextCursor?: string; complete: boolean };

async function enroll({ rig }: ApiRig, name: string): Promise<{ id: string; notAfter: string }> {
  const { csr } = await agentKey();
  const issued = await rig.identity.enrollment.enroll(
    requestOf(await rig.token({ uses: 2 }), csr, { name }),
    FROM,
  );
  return { id: issued.agentId, notAfter: issued.notAfter };
}

test('agents are listed by name, without fields that are unknown', async () => {
  await using api = await apiRig();
  const pin = {
    version: 13,
    digest: 'sha256:def',
    mode: 'enforce',
    scope: 'pool',
    drift: 'version',
  } as const;
  api.live.agents = [testView('beta', { pin }, 'CONFIG_DRIFT'), absentView('Alpha')];
  const answer = await api.ask<AgentListing>('GET', '/api/v1/agents', { as: 'viewer' });
  const { status } = answer;
  const { items, complete } = answer.body;
  assert.equal(status, 200);
  const { message, advice } = agentConditions.CONFIG_DRIFT;
  const away = {
    code: 'NO_SESSION',
    state: 'disconnected',
    since: '2023-11-14T22:13:20.000Z',
    message: agentConditions.NO_SESSION.message,
    advice: agentConditions.NO_SESSION.advice,
  };
  const drift = {
    code: 'CONFIG_DRIFT',
    state: 'quarantined',
    since: '2023-11-14T22:13:20.000Z',
    message,
    advice,
    command: 'penstock-gateway agent diff beta',
  };
  const stored = {
    pool: 'dc1',
    enrolledAt: '2023-11-14T22:13:19.000Z',
    identityNotAfter: '2023-11-14T23:13:20.000Z',
  };
  assert.deepEqual(
    { items, complete },
    {
      items: [
        {
          id: 'agt_Alpha',
          name: 'Alpha',
          ...away,
          reasons: [away],
          ...stored,
          sessions: { open: 0 },
          streams: { open: 0, opening: 0 },
          boots: [],
          checks: [],
        },
        {
          id: 'agt_beta',
          name: 'beta',
          ...drift,
          reasons: [drift],
          ...stored,
          connectedSince: '2023-11-14T22:13:20.000Z',
          lastHeartbeat: '2023-11-14T22:13:21.000Z',
          address: '192.0.2.1',
          sessions: { open: 2, wanted: 2 },
          streams: { open: 3, opening: 1 },
          softwareVersion: '0.1.0',
          platform: { os: 'linux 6', arch: 'x64', node: '26.10.0' },
          boots: [{ id: 'boot-1', address: '192.0.2.1', since: '2023-11-14T22:13:20.000Z', sessions: 2 }],
          config: { version: 12, digest: 'sha256:0123456789abcdef' },
          pin,
          connectors: [{ name: 'orders-db', kind: 'postgresql' }],
          checks: [],
          clock: { skewMs: 12, roundTripMs: 3 },
          eventLoop: { p99Ms: 1, maxMs: 2 },
        },
      ],
      complete: true,
    },
  );
});

test('the listing is complete from memory during a store outage, and is marked as possibly incomplete', async () => {
  await using api = await apiRig();
  api.live.agents = [testView('beta'), absentView('alpha')];
  api.live.complete = false;
  const { body } = await api.ask<AgentListing>('GET', '/api/v1/agents', { as: 'viewer' });
  assert.deepEqual([body.items.length, body.complete], [2, false]);
});

test('pages have no gaps or overlaps', async () => {
  await using api = await apiRig();
  api.live.agents = ['a2', 'a4', 'a6', 'a1', 'a3', 'a5', 'a7'].map((name) => testView(name));
  const seen: string[] = [];
  let cursor: string | undefined;
  let pages = 0;
  do {
    const query = new URLSearchParams({ limit: '2', ...(cursor !== undefined && { cursor }) });
    const { body }: Answer<AgentListing> = await api.ask('GET', `/api/v1/agents?${query}`, { as: 'viewer' });
    seen.push(...body.items.map(({ name }) => name));
    assert.ok(body.items.length <= 2);
    cursor = body.nextCursor;
    pages += 1;
  } while (cursor !== undefined && pages < 10);
  assert.deepEqual(seen, ['a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'a7']);
});

test('an agent is returned with its samples, and an unknown agent is reported', async () => {
  await using api = await apiRig();
  api.live.agents = [testView('orders-1')];
  api.live.samples = [
    {
      at: 1_700_000_000_000,
      cpuLoad: 0.5,
      memoryAvailable: undefined,
      eventLoopP99: 1,
      streams: 2,
      skew: -3,
      roundTrip: 1,
    },
  ];
  const { body } = await api.ask<AgentDetail>('GET', '/api/v1/agents/orders-1', { as: 'viewer' });
  assert.equal(body.state, 'connected');
  assert.deepEqual(body.samples, [
    {
      at: '2023-11-14T22:13:20.000Z',
      cpuLoad: 0.5,
      eventLoopP99Ms: 1,
      streams: 2,
      skewMs: -3,
      roundTripMs: 1,
    },
  ]);
  assertProblem(
    await api.ask('GET', '/api/v1/agents/orders-9', { as: 'viewer' }),
    404,
    'NOT_FOUND',
    /no agent named orders-9/,
  );
});

test('revoking an agent revokes its identity, returns the tokens it could still use, and is audited', async () => {
  await using api = await apiRig();
  const { id } = await enroll(api, 'orders-1');
  const ended: string[] = [];
  api.rig.identity.revocation.onRevoked((agentId) => ended.push(agentId));
  const { status, body } = await api.ask<{ id: string; name: string; usableTokens: string[] }>(
    'POST',
    '/api/v1/agents/orders-1/revoke',
    { as: 'admin' },
  );
  assert.equal(status, 200);
  assert.deepEqual([body.id, body.name, body.usableTokens.length], [id, 'orders-1', 1]);
  assert.deepEqual(ended, [id]);
  const [entry] = await api.rig.store.audit.list({ limit: 1 });
  assert.equal(entry?.actor, `admin-token:${api.tokens.admin.split('_')[2]}`);
  assert.equal(entry?.address, '127.0.0.1');
  const again = await api.ask('POST', '/api/v1/agents/orders-1/revoke', { as: 'admin' });
  assertProblem(again, 404, 'NOT_FOUND', /or it has been revoked/);
});

test('a revocation is reported as successful even if the store fails right after it', async (t) => {
  await using api = await apiRig();
  const { id } = await enroll(api, 'orders-1');
  t.mock.method(api.rig.store.enrollments, 'tokensUsableBy', async () => {
    throw new StoreError('timeout', 'No answer in time.');
  });
  const { status, body } = await api.ask('POST', '/api/v1/agents/orders-1/revoke', { as: 'admin' });
  assert.equal(status, 200);
  assert.deepEqual(body, { id, name: 'orders-1' });
  assert.equal((await api.rig.store.agents.byName('orders-1'))?.id, undefined);
});

test('the query of the listing is validated', async () => {
  await using api = await apiRig();
  for (const query of ['limit=0', 'limit=501', 'limit=x', 'page=2', `cursor=${'x'.repeat(200)}`]) {
    const answer = await api.ask('GET', `/api/v1/agents?${query}`, { as: 'viewer' });
    assertProblem(answer, 400, 'REQUEST_INVALID', /querystring/);
  }
  assertProblem(
    await api.ask('GET', '/api/v1/agents/a%2Fb', { as: 'viewer' }),
    400,
    'REQUEST_INVALID',
    /params/,
  );
});
