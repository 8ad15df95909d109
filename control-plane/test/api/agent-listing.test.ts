import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentRow, AgentRowPage } from '@penstock/api-schema';
import type { Static } from '@penstock/json-schema';
import { absentView, testView } from '../fleet/test-view.ts';
import { apiRig, assertProblem } from './api-rig.ts';

type Page = Static<typeof AgentRowPage>;

test('rows are small, sorted by severity, counted, and say from which event to go on', async () => {
  await using api = await apiRig();
  api.live.agents = [
    testView('beta'),
    absentView('gamma', { pool: 'dc2' }),
    testView('alpha', { memory: { totalBytes: 100, availableBytes: 25, processBytes: 1 } }),
    testView('delta', {}, 'CONFIG_DRIFT'),
  ];
  const { body, text } = await api.ask<Page>('GET', '/api/v1/agents?view=row&sort=severity', {
    as: 'viewer',
  });
  assert.deepEqual(
    body.items.map(({ name }) => name),
    ['delta', 'gamma', 'alpha', 'beta'],
  );
  assert.equal(body.total, 4);
  assert.deepEqual([body.counts['connected'], body.counts['disconnected']], [2, 1]);
  assert.equal(body.asOf, api.events.lastId);
  const row: AgentRow | undefined = body.items[2];
  assert.equal(row?.memoryUsed, 0.75);
  assert.ok(text.length / 4 < 450, `${text.length / 4} bytes a row`);

  const first = await api.ask<Page>('GET', '/api/v1/agents?view=row&sort=severity&limit=2', { as: 'viewer' });
  assert.equal(first.body.nextCursor, 'disconnected~gamma');
  const rest = `/api/v1/agents?view=row&sort=severity&limit=2&cursor=${first.body.nextCursor}`;
  const second = await api.ask<Page>('GET', rest, { as: 'viewer' });
  assert.deepEqual(
    second.body.items.map(({ name }) => name),
    ['alpha', 'beta'],
  );
  assert.equal(second.body.nextCursor, undefined);
});

test('a filter with a word that does not exist is refused with those that do', async () => {
  await using api = await apiRig();
  api.live.agents = [testView('alpha'), absentView('beta')];
  const found = await api.ask<Page>('GET', '/api/v1/agents?state=disconnected,stale&q=BET&pool=dc1', {
    as: 'viewer',
  });
  assert.deepEqual([found.body.total, found.body.items[0]?.name], [1, 'beta']);
  const path = '/api/v1/agents?state=offline';
  assertProblem(
    await api.ask('GET', path, { as: 'viewer' }),
    400,
    'REQUEST_INVALID',
    /offline is not one of revoked,/,
  );
  const cursor = '/api/v1/agents?sort=severity&cursor=alpha';
  assertProblem(await api.ask('GET', cursor, { as: 'viewer' }), 400, 'REQUEST_INVALID', /first page/);
});

test('a page of agents is also a file for spreadsheets', async () => {
  await using api = await apiRig();
  api.live.agents = ['a1', '=cmd()', 'b1'].map((name) => testView(name));
  const csv = await api.ask('GET', '/api/v1/agents?format=csv&limit=2', { as: 'viewer' });
  assert.match(csv.type, /^text\/csv/);
  const [head = '', ...lines] = csv.text.trimEnd().split('\r\n');
  assert.match(head, /^name,pool,state,code,/);
  assert.match(lines[0] ?? '', /^'=cmd\(\),dc1,connected,CONNECTED,/);
  const [, next = ''] = /^<(.+)>; rel="next"$/.exec(String(csv.headers['link'])) ?? [];
  const second = await api.ask('GET', next, { as: 'viewer' });
  assert.match(second.text, /\r\nb1,dc1,/);
  assert.equal(second.headers['link'], undefined);
});
