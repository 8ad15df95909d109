import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AlertResource, SilenceResource } from '@penstock/api-schema';
import { apiRig, assertProblem } from './api-rig.ts';

const HOUR = 3_600_000;

test('alerts are silenced until the end of a silence, by every given field', async () => {
  await using api = await apiRig();
  const { silences, rig, live } = api;
  const create = (body: object, as = 'operator') =>
    api.ask<SilenceResource>('POST', '/api/v1/silences', { as, body });
  const created = await create({
    pool: 'dc1',
    subject: 'agent:db-*',
    comment: 'new switch',
    ttlSeconds: 3_600,
  });
  assert.equal(created.status, 201, created.text);
  assert.equal(created.body.state, 'active');

  const alert = { condition: 'agent-stale', subject: 'agent:db-1', pool: 'dc1' };
  assert.equal(silences.silenceOf(alert)?.id, created.body.id);
  assert.equal(silences.silenceOf({ ...alert, pool: 'dc2' }), undefined);
  assert.equal(silences.silenceOf({ ...alert, subject: 'agent:web-1' }), undefined);
  const row = {
    id: '1',
    ...alert,
    state: 'firing',
    detail: '',
    since: 1,
    firedAt: 1,
    resolvedAt: null,
  } as const;
  live.firing = [row];
  const { items } = (
    await api.ask<{ items: AlertResource[] }>('GET', '/api/v1/alerts?state=firing', { as: 'viewer' })
  ).body;
  assert.equal(items[0]?.silencedBy, created.body.id);

  // Another gateway reads it from the store.
  const [stored] = await rig.store.silences.activeAt(rig.clock.now, 10);
  assert.equal(stored?.comment, 'new switch');
  rig.clock.now += HOUR;
  assert.equal(silences.silenceOf(alert), undefined);

  const second = await create({ condition: 'agent-stale', comment: 'again', ttlSeconds: 60 });
  const ended = await api.ask<SilenceResource>('DELETE', `/api/v1/silences/${second.body.id}`, {
    as: 'operator',
  });
  assert.deepEqual([ended.status, ended.body.state], [200, 'ended']);
  assert.equal(silences.silenceOf(alert), undefined);
  const again = await api.ask('DELETE', `/api/v1/silences/${second.body.id}`, { as: 'operator' });
  assertProblem(again, 404, 'NOT_FOUND', /has ended/);
  const all = await api.ask<{ items: SilenceResource[] }>('GET', '/api/v1/silences', { as: 'viewer' });
  assert.deepEqual(
    all.body.items.map(({ state }) => state),
    ['ended', 'ended'],
  );
  const active = await api.ask<{ items: unknown[] }>('GET', '/api/v1/silences?state=active', {
    as: 'viewer',
  });
  assert.deepEqual(active.body.items, []);

  const actions = (await rig.store.audit.list({ limit: 10 })).map(({ action }) => action);
  assert.deepEqual(actions.slice(0, 3), ['silence.end', 'silence.create', 'silence.create']);
  for (const all of [{}, { subject: '*' }]) {
    const refused = await create({ ...all, comment: 'all', ttlSeconds: 60 });
    assertProblem(refused, 400, 'REQUEST_INVALID', /silence every alert/);
  }
  assertProblem(
    await create({ pool: 'dc1', comment: 'x', ttlSeconds: 60 }, 'viewer'),
    403,
    'ROLE_INSUFFICIENT',
  );
});
