import assert from 'node:assert/strict';
import { test } from 'node:test';
import { absentView, testView } from '../fleet/test-view.ts';
import { agentKey, FROM, HOUR, requestOf } from '../identity/identity-rig.ts';
import { type ApiRig, apiRig, assertProblem } from './api-rig.ts';

type Version = { readonly version: number; readonly digest: string; readonly isNew?: boolean };

const PIN = `sha256/${Buffer.alloc(32).toString('base64')}`;

/** An agent.yaml as JSON. */
const file = (version: number, more: object = {}) => ({
  apiVersion: 'penstock/v1',
  kind: 'Agent',
  version,
  name: '${env:HOSTNAME}',
  pool: 'dc1',
  gateway: { url: 'https://gateway.example.com:8443', pins: [PIN] },
  connectors: [{ name: 'orders-db', kind: 'postgresql', address: 'orders.internal:5432' }],
  ...more,
});

const publish = (api: ApiRig, content: object, pool = 'dc1', as = 'operator') =>
  api.ask<Version>('POST', '/api/v1/config-versions', { as, body: { pool, content } });

async function enroll({ rig, fleet }: ApiRig, name: string): Promise<string> {
  const { csr } = await agentKey();
  const issued = await rig.identity.enrollment.enroll(requestOf(await rig.token(), csr, { name }), FROM);
  fleet.issued({ id: issued.agentId, name, pool: 'dc1', notAfter: rig.clock.now + HOUR });
  return issued.agentId;
}

test('a version is published once, with the digest of its content', async () => {
  await using api = await apiRig();
  const first = await publish(api, file(12));
  assert.equal(first.status, 200, first.text);
  assert.match(first.body.digest, /^sha256:[0-9a-f]{64}$/);
  assert.deepEqual([first.body.version, first.body.isNew], [12, true]);
  const again = await publish(api, file(12));
  assert.deepEqual([again.body.digest, again.body.isNew], [first.body.digest, false]);
  await publish(api, file(13));
  const config = { version: 13, digest: 'sha256:13' };
  api.live.agents = [testView('a', { config }), absentView('gone', { config, state: 'revoked' })];
  type Listing = { items: (Version & { agents: number })[] };
  const list = await api.ask<Listing>('GET', '/api/v1/config-versions?pool=dc1', { as: 'viewer' });
  assert.deepEqual(
    list.body.items.map(({ version, agents }) => [version, agents]),
    [
      [13, 1],
      [12, 0],
    ],
  );
  const path = '/api/v1/config-versions/dc1';
  const one = await api.ask<{ content: unknown; yaml: string }>('GET', `${path}/12`, { as: 'viewer' });
  assert.deepEqual(one.body.content, file(12));
  assert.match(one.body.yaml, /^apiVersion: penstock\/v1$/m);
  const diff = await api.ask<{ changes: unknown[] }>('GET', `${path}/diff?from=12&to=13`, { as: 'viewer' });
  assert.deepEqual(diff.body.changes, [{ path: 'version', kind: 'changed', before: '12', after: '13' }]);
  const missing = await api.ask('GET', `${path}/diff?from=12&to=14`, { as: 'viewer' });
  assertProblem(missing, 404, 'NOT_FOUND', /Version 14/);
  const [entry] = await api.rig.store.audit.list({ limit: 1 });
  assert.deepEqual([entry?.action, entry?.subject], ['config.publish', 'pool:dc1']);
});

test('published versions are listed by page', async () => {
  await using api = await apiRig();
  for (const version of [1, 2, 3, 4, 5]) await publish(api, file(version));
  const seen: number[] = [];
  let cursor: string | undefined;
  do {
    const query = new URLSearchParams({ pool: 'dc1', limit: '2', ...(cursor !== undefined && { cursor }) });
    const { body } = await api.ask<{ items: Version[]; nextCursor?: string }>(
      'GET',
      `/api/v1/config-versions?${query}`,
      { as: 'viewer' },
    );
    seen.push(...body.items.map(({ version }) => version));
    cursor = body.nextCursor;
  } while (cursor !== undefined);
  assert.deepEqual(seen, [5, 4, 3, 2, 1]);
});

test('invalid files and different content for an existing version are refused', async () => {
  await using api = await apiRig();
  await publish(api, file(12));
  const refusals: [object, string, number, string, RegExp][] = [
    [file(12, { drain: { timeout: '1m' } }), 'dc1', 409, 'CONFIG_VERSION_TAKEN', /Increase `version`/],
    [{ ...file(13), kind: 'Gateway' }, 'dc1', 422, 'CONFIG_INVALID', /penstock-gateway/],
    [file(13, { conectors: [] }), 'dc1', 422, 'CONFIG_INVALID', /conectors/],
    [file(13), 'dc2', 422, 'CONFIG_INVALID', /`pool` of the file is dc1, not dc2/],
    [file(13), 'dc9', 404, 'POOL_UNKNOWN', /dc9/],
    [file(13, { identity: { enrollmentToken: 'c4n4ry' } }), 'dc1', 422, 'CONFIG_INVALID', /./],
  ];
  for (const [content, pool, status, code, words] of refusals) {
    const answer = await publish(api, content, pool);
    assertProblem(answer, status, code, words);
    assert.equal(answer.text.includes('c4n4ry'), false);
  }
  assertProblem(await publish(api, file(13), 'dc1', 'viewer'), 403, 'ROLE_INSUFFICIENT');
});

test('the largest possible file can be published, and a larger one is refused', async () => {
  await using api = await apiRig();
  const connectors = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      name: `${'c'.repeat(50)}-${index}`,
      kind: 'postgresql',
      address: `${'h'.repeat(60)}.internal:5432`,
    }));
  assert.equal((await publish(api, file(1, { connectors: connectors(400) }))).status, 200);
  const large = await publish(api, file(2, { padding: 'x'.repeat(3 * 1024 * 1024) }));
  assertProblem(large, 413, 'REQUEST_TOO_LARGE');
});

test('pools and agents are pinned to published versions, and every change is audited', async () => {
  await using api = await apiRig();
  const id = await enroll(api, 'orders-1');
  const { digest } = (await publish(api, file(12))).body;
  const unknown = await api.ask('PUT', '/api/v1/pins/pools/dc1', { as: 'operator', body: { version: 99 } });
  assertProblem(unknown, 404, 'NOT_FOUND', /99 was not published for pool dc1\. Publish it first/);
  const pinned = await api.ask<Version>('PUT', '/api/v1/pins/pools/dc1', {
    as: 'operator',
    body: { version: 12 },
  });
  assert.deepEqual([pinned.status, pinned.body.digest], [200, digest]);
  await publish(api, file(13));
  await api.ask('PUT', '/api/v1/pins/agents/orders-1', { as: 'operator', body: { version: 13 } });
  const pins = await api.ask<{ items: { scope: string; name: string; version: number }[] }>(
    'GET',
    '/api/v1/pins',
    { as: 'viewer' },
  );
  assert.deepEqual(
    pins.body.items.map(({ scope, name, version }) => [scope, name, version]),
    [
      ['agent', 'orders-1', 13],
      ['pool', 'dc1', 12],
    ],
  );
  assert.equal(api.fleet.agent('orders-1')?.pin?.scope, 'agent');
  const unpinned = await api.ask('DELETE', '/api/v1/pins/agents/orders-1', { as: 'operator' });
  assert.deepEqual([unpinned.status, unpinned.body], [200, { scope: 'agent', name: 'orders-1' }]);
  assert.equal(api.fleet.agent('orders-1')?.pin?.version, 12);
  const again = await api.ask('DELETE', '/api/v1/pins/agents/orders-1', { as: 'operator' });
  assertProblem(again, 404, 'NOT_FOUND', /Agent orders-1 has no pin/);
  const [entry] = await api.rig.store.audit.list({ limit: 1 });
  assert.deepEqual([entry?.action, entry?.subject], ['pin.remove', `agent:${id}`]);
  assert.equal(JSON.parse(entry?.before ?? '{}').version, 13);
  const viewer = await api.ask('PUT', '/api/v1/pins/pools/dc1', { as: 'viewer', body: { version: 12 } });
  assertProblem(viewer, 403, 'ROLE_INSUFFICIENT');
});

test('the pin of a revoked agent is not listed, even if its name is reused', async () => {
  await using api = await apiRig();
  const id = await enroll(api, 'orders-1');
  await publish(api, file(12));
  await api.ask('PUT', '/api/v1/pins/agents/orders-1', { as: 'operator', body: { version: 12 } });
  assert.equal((await api.ask('POST', '/api/v1/agents/orders-1/revoke', { as: 'admin' })).status, 200);
  api.fleet.revoked(id);
  await enroll(api, 'orders-1');
  const { body } = await api.ask<{ items: unknown[] }>('GET', '/api/v1/pins', { as: 'viewer' });
  assert.deepEqual(body.items, []);
});

test('a pool can require approval for pins and drains', async () => {
  await using api = await apiRig();
  api.live.approval = ['pin', 'drain'];
  await enroll(api, 'orders-1');
  await publish(api, file(12));
  const asked = await api.ask<{ id: string; state: string; subject: string }>(
    'PUT',
    '/api/v1/pins/pools/dc1',
    {
      as: 'operator',
      body: { version: 12 },
    },
  );
  assert.deepEqual([asked.status, asked.body.state, asked.body.subject], [202, 'pending', 'pool:dc1']);
  assert.equal(api.fleet.agent('orders-1')?.pin, undefined);
  await api.ask('POST', `/api/v1/approvals/${asked.body.id}/approve`, { as: 'admin' });
  assert.equal(api.fleet.agent('orders-1')?.pin?.version, 12);
  const drain = await api.ask<{ state: string }>('POST', '/api/v1/agents/orders-1/drain', { as: 'operator' });
  assert.deepEqual([drain.status, drain.body.state], [202, 'pending']);
  assert.equal((await api.ask('POST', '/api/v1/agents/orders-1/drain', { as: 'admin' })).status, 200);
});

test('an agent is drained and resumed, and both are audited', async () => {
  await using api = await apiRig();
  const id = await enroll(api, 'orders-1');
  const drained = await api.ask<{ state: string; code: string }>('POST', '/api/v1/agents/orders-1/drain', {
    as: 'operator',
  });
  assert.deepEqual([drained.body.state, drained.body.code], ['draining', 'DRAINED_BY_OPERATOR']);
  assert.equal((await api.rig.store.agents.byId(id))?.drainedAt, api.rig.clock.now);
  const resumed = await api.ask<{ state: string }>('POST', '/api/v1/agents/orders-1/resume', {
    as: 'operator',
  });
  assert.equal(resumed.body.state, 'disconnected');
  assert.equal((await api.rig.store.agents.byId(id))?.drainedAt, null);
  const trail = await api.rig.store.audit.list({ limit: 2 });
  assert.deepEqual(
    trail.map(({ action }) => action),
    ['agent.resume', 'agent.drain'],
  );
  for (const action of ['drain', 'resume']) {
    const nobody = await api.ask('POST', `/api/v1/agents/orders-9/${action}`, { as: 'operator' });
    assertProblem(nobody, 404, 'NOT_FOUND', /no agent named orders-9/);
    const viewer = await api.ask('POST', `/api/v1/agents/orders-1/${action}`, { as: 'viewer' });
    assertProblem(viewer, 403, 'ROLE_INSUFFICIENT');
  }
});
