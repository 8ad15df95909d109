import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectionLogEntry } from '@penstock/api-schema';
import { readEvents } from '../../../test/rig/event-reader.ts';
import { eventually } from '../../../test/rig/eventually.ts';
import { type ApiRig, apiRig, assertProblem } from './api-rig.ts';

type Page = { readonly items: ConnectionLogEntry[]; readonly nextCursor?: string; readonly store: string };

const client = {
  connection: 'orders',
  connector: 'orders-db',
  address: '10.0.0.5',
  port: 50_000,
  ingress: '0.0.0.0:5432',
  ingressKind: 'socks5',
  host: 'orders.penstock',
  grant: { id: 'grt_1', name: 'etl' },
  subject: undefined,
};
const target = {
  agent: 'orders-1',
  agentId: 'agt_1',
  pool: 'dc1',
  milliseconds: 3.126,
  traffic: () => ({ fromClient: 1, toClient: 2 }),
};
const ended = { code: undefined, detail: undefined, traffic: { fromClient: 3, toClient: 4 } } as const;

const list = async (api: ApiRig, query = '') =>
  (await api.ask<Page>('GET', `/api/v1/connection-log${query}`, { as: 'viewer' })).body;

test('viewers list connections, newest first, page by page', async () => {
  await using api = await apiRig();
  const { connectionLog } = api;
  for (let index = 0; index < 5; index += 1) {
    const entry = connectionLog.begin({ ...client, port: index + 1 });
    entry.dialed({ tries: [target] });
    entry.opened(target);
    entry.ended(index === 0 ? { ...ended, code: 'SESSION_LOST' } : ended);
  }
  const first = await list(api, '?limit=2');
  const second = await list(api, `?limit=2&cursor=${first.nextCursor}`);
  const third = await list(api, `?limit=2&cursor=${second.nextCursor}`);
  const ports = [first, second, third].flatMap(({ items }) => items.map(({ clientPort }) => clientPort));
  assert.deepEqual(ports, [5, 4, 3, 2, 1]);
  assert.equal(third.nextCursor, undefined);
  const [lost] = (await list(api, '?code=SESSION_LOST')).items;
  const { id, startedAt, endedAt, durationMs, ...rest } = lost ?? assert.fail('not found');
  assert.match(id, /^[0-9]+$/);
  assert.equal(Date.parse(endedAt ?? '') - Date.parse(startedAt), durationMs);
  assert.deepEqual(rest, {
    state: 'closed',
    connection: 'orders',
    client: '10.0.0.5',
    clientPort: 1,
    ingress: '0.0.0.0:5432',
    ingressKind: 'socks5',
    host: 'orders.penstock',
    grant: { id: 'grt_1', name: 'etl' },
    connector: 'orders-db',
    pool: 'dc1',
    agent: 'orders-1',
    agentId: 'agt_1',
    openMs: 3.13,
    attempts: 1,
    resumes: 0,
    adriftMs: 0,
    bytesFromClient: 3,
    bytesToClient: 4,
    code: 'SESSION_LOST',
    message: 'The session to the agent was lost.',
    count: 1,
  });
});

test('a period, a client and an agent select connections', async () => {
  await using api = await apiRig();
  const { connectionLog } = api;
  const open = connectionLog.begin(client);
  open.opened(target);
  connectionLog
    .begin({ ...client, connection: 'billing', grant: undefined, address: '10.0.0.6' })
    .ended(ended);
  const count = async (query: string) => (await list(api, query)).items.length;
  const soon = new Date(Date.now() + 60_000).toISOString();
  const before = new Date(Date.now() - 60_000).toISOString();
  assert.equal(await count(''), 2);
  assert.equal(await count(`?since=${before}`), 2);
  assert.equal(await count(`?since=${soon}`), 1, 'the open connection is still open then');
  assert.equal(await count(`?until=${before}`), 0);
  assert.equal(await count('?client=10.0.0.6'), 1);
  assert.equal(await count('?client=::ffff:10.0.0.6'), 1);
  assert.equal(await count('?client=10.0.0.6:50000'), 1, 'as lists show it');
  assert.equal(await count('?client=10.0.0.6:50001'), 0);
  assert.equal(await count('?client=etl'), 1);
  assert.equal(await count('?agent=orders-1'), 1);
  assert.equal(await count('?state=open'), 1);
  assert.equal(await count('?connection=nothing'), 0);
  open.ended(ended);
});

test('wrong queries are refused', async () => {
  await using api = await apiRig();
  for (const query of [
    'since=yesterday',
    'since=2026-99-99T00:00:00Z',
    'cursor=abc',
    'cursor=99999999999999999999',
    'code=WHATEVER',
    'state=gone',
    'limit=0',
    'unknown=1',
  ]) {
    const answer = await api.ask('GET', `/api/v1/connection-log?${query}`, { as: 'viewer' });
    assertProblem(answer, 400, 'REQUEST_INVALID');
  }
  assertProblem(await api.ask('GET', '/api/v1/connection-log'), 401, 'ADMIN_TOKEN_REQUIRED');
});

test('with the store off, the list is empty and says why', async () => {
  await using api = await apiRig();
  api.live.isConnectionLogStored = false;
  api.connectionLog.begin(client).ended(ended);
  assert.deepEqual(await list(api), { items: [], store: 'off' });
});

test('followers receive connections that match as they open and end, until the token is revoked', async () => {
  await using api = await apiRig();
  const { connectionLog } = api;
  const url = await api.app.listen({ host: '127.0.0.1', port: 0 });
  const { body } = await api.ask<{ id: string; token: string }>('POST', '/api/v1/admin-tokens', {
    as: 'admin',
    body: { name: 'follower', role: 'viewer' },
  });
  const path = '/api/v1/connection-log/follow?connection=orders';
  await using events = await readEvents(url, body.token, undefined, path);
  const entry = connectionLog.begin(client);
  connectionLog.begin({ ...client, connection: 'billing' }).ended(ended);
  entry.opened(target);
  const opened = (await events.next())?.data as ConnectionLogEntry;
  assert.deepEqual([opened.id, opened.state], [entry.id, 'open']);
  entry.ended({ ...ended, code: 'CLIENT_RESET' });
  const closed = (await events.next())?.data as ConnectionLogEntry;
  assert.deepEqual([closed.id, closed.state, closed.code], [entry.id, 'closed', 'CLIENT_RESET']);
  await api.ask('DELETE', `/api/v1/admin-tokens/${body.id}`, { as: 'admin' });
  assert.equal(await events.next(), undefined);
  await eventually('the follower to be gone', () => connectionLog.followers.count === 0);
});

test('the number of followers is limited, and a drain ends them', async () => {
  await using api = await apiRig();
  const url = await api.app.listen({ host: '127.0.0.1', port: 0 });
  const path = '/api/v1/connection-log/follow';
  await using scope = new AsyncDisposableStack();
  const readers = [];
  for (let index = 0; index < 16; index += 1) {
    readers.push(scope.use(await readEvents(url, api.tokens.viewer, undefined, path)));
  }
  assertProblem(await api.ask('GET', path, { as: 'viewer' }), 429, 'TOO_MANY_REQUESTS');
  api.events.close();
  for (const reader of readers) assert.equal(await reader.next(), undefined);
  await eventually('the followers to be gone', () => api.connectionLog.followers.count === 0);
});

test('the connection log is also a file for spreadsheets', async () => {
  await using api = await apiRig();
  const csv = await api.ask('GET', '/api/v1/connection-log?format=csv', { as: 'viewer' });
  assert.match(csv.type, /^text\/csv/);
  assert.match(csv.text, /^id,state,connection,client,.*,code,detail,count\r\n$/);
});
