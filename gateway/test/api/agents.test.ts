import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentListing } from '../../src/api/agent-listing.ts';
import type { AgentResource } from '../../src/api/agent-resource.ts';
import type { AgentView } from '../../src/fleet/agent-view.ts';
import { agentKey, FROM, HOUR, requestOf } from '../identity/identity-rig.ts';
import { type Answer, type ApiRig, apiRig, assertProblem } from './api-rig.ts';

async function enroll({ rig }: ApiRig, name: string): Promise<{ id: string; notAfter: string }> {
  const { csr } = await agentKey();
  const issued = await rig.identity.enrollment.enroll(
    requestOf(await rig.token({ uses: 2 }), csr, { name }),
    FROM,
  );
  return { id: issued.agentId, notAfter: issued.notAfter };
}

const view = (id: string, name: string, more: Partial<AgentView> = {}): AgentView => ({
  id,
  name,
  pool: 'dc1',
  state: 'connected',
  connectedSince: 1_700_000_000_000,
  address: '192.0.2.1',
  sessions: { got: 2, wanted: 2 },
  softwareVersion: '0.1.0',
  config: { version: 12, digest: 'sha256:abc' },
  connectors: [{ name: 'orders-db', kind: 'postgresql' }],
  streams: { open: 3, opening: 1 },
  lastHeartbeat: undefined,
  identityNotAfter: 1_800_000_000_000,
  ...more,
});

test('agents are listed by name, with what their sessions tell and what the store knows', async () => {
  await using api = await apiRig();
  const beta = await enroll(api, 'beta');
  const alpha = await enroll(api, 'alpha');
  api.live.agents = [view(beta.id, 'beta', { lastHeartbeat: 1_700_000_001_000 }), view('agt_stray', 'Stray')];
  const { status, body } = await api.ask('GET', '/api/v1/agents', { as: 'viewer' });
  assert.equal(status, 200);
  const enrolledAt = new Date(api.rig.clock.now).toISOString();
  const heard = {
    pool: 'dc1',
    state: 'connected',
    identityNotAfter: '2027-01-15T08:00:00.000Z',
    connectedSince: '2023-11-14T22:13:20.000Z',
    address: '192.0.2.1',
    sessions: { got: 2, wanted: 2 },
    streams: { open: 3, opening: 1 },
    softwareVersion: '0.1.0',
    config: { version: 12, digest: 'sha256:abc' },
    connectors: [{ name: 'orders-db', kind: 'postgresql' }],
  };
  assert.deepEqual(body, {
    items: [
      { id: 'agt_stray', name: 'Stray', ...heard },
      {
        id: alpha.id,
        name: 'alpha',
        pool: 'dc1',
        state: 'disconnected',
        enrolledAt,
        identityNotAfter: alpha.notAfter,
        sessions: { got: 0 },
        streams: { open: 0, opening: 0 },
      },
      { id: beta.id, name: 'beta', ...heard, enrolledAt, lastHeartbeat: '2023-11-14T22:13:21.000Z' },
    ],
    complete: true,
  });
});

test('pages follow each other without a gap or an overlap', async () => {
  await using api = await apiRig();
  for (const name of ['a1', 'a3', 'a5', 'a7']) await enroll(api, name);
  api.live.agents = ['a2', 'a4', 'a6'].map((name) => view(`agt_${name}`, name));
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

test('an agent whose certificate has ended while it was away says so', async () => {
  await using api = await apiRig();
  await enroll(api, 'orders-1');
  api.rig.clock.now += 25 * HOUR;
  const { body } = await api.ask<AgentResource>('GET', '/api/v1/agents/orders-1', { as: 'viewer' });
  assert.equal(body.state, 'identity-expired');
});

test('one agent is found by name; an unknown one is told', async () => {
  await using api = await apiRig();
  const { id } = await enroll(api, 'orders-1');
  assert.equal(
    (await api.ask<AgentResource>('GET', '/api/v1/agents/orders-1', { as: 'viewer' })).body.state,
    'disconnected',
  );
  api.live.agents = [view(id, 'orders-1', { state: 'draining' })];
  assert.equal(
    (await api.ask<AgentResource>('GET', '/api/v1/agents/orders-1', { as: 'viewer' })).body.state,
    'draining',
  );
  assertProblem(
    await api.ask('GET', '/api/v1/agents/orders-9', { as: 'viewer' }),
    404,
    'NOT_FOUND',
    /no agent named orders-9/,
  );
});

test('revoking an agent ends its identity, names the tokens that are still good for it, and is audited', async () => {
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
  assertProblem(again, 404, 'NOT_FOUND', /or it was revoked/);
});

test('the listing is checked like everything that comes from outside', async () => {
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
