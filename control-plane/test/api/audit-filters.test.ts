import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditEntry } from '@penstock/api-schema';
import { csvLine } from '../../src/api/csv.ts';
import { apiRig, assertProblem } from './api-rig.ts';

test('the audit trail is filtered by time and by text, and exported for spreadsheets', async () => {
  await using api = await apiRig();
  const { store, clock } = api.rig;
  const from = clock.now + 1_000_000;
  for (const [index, subject] of [
    'agent:dc1-h1',
    'agent:dc1-h2',
    'agent:100%_sure',
    'agent:=cmd()',
  ].entries()) {
    await store.audit.append({
      at: from + index * 1_000,
      actor: 'host',
      action: 'try',
      subject,
      after: { note: `Has "${index}"` },
    });
  }
  const at = (ms: number) => encodeURIComponent(new Date(from + ms).toISOString());
  const list = async (query: string) =>
    (
      await api.ask<{ items: AuditEntry[] }>('GET', `/api/v1/audit?action=try&${query}`, { as: 'viewer' })
    ).body.items.map(({ subject }) => subject);
  assert.deepEqual(await list(`since=${at(1_000)}&until=${at(3_000)}`), ['agent:100%_sure', 'agent:dc1-h2']);
  assert.deepEqual(await list('text=DC1-H1'), ['agent:dc1-h1']);
  assert.deepEqual(await list('text=has%20%5C%221'), ['agent:dc1-h2'], 'in the values');
  assert.deepEqual(await list('text=0%25_s'), ['agent:100%_sure'], 'wildcards are taken as they are');
  assert.deepEqual(await list('text=%25'), ['agent:100%_sure']);
  assertProblem(
    await api.ask('GET', '/api/v1/audit?since=2026-99-99T00:00:00Z', { as: 'viewer' }),
    400,
    'REQUEST_INVALID',
  );

  const csv = await api.ask('GET', '/api/v1/audit?action=try&format=csv&limit=2', { as: 'viewer' });
  assert.match(csv.type, /^text\/csv/);
  const lines = csv.text.split('\r\n');
  assert.equal(lines[0], 'id,at,actor,action,subject,address,before,after');
  assert.match(lines[1] ?? '', /,try,agent:=cmd\(\),,,"\{""note"":""Has/);
  const [, next = ''] = /^<(.+)>; rel="next"$/.exec(String(csv.headers['link'])) ?? [];
  const second = await api.ask('GET', next, { as: 'viewer' });
  assert.equal(second.text.split('\r\n').length, 4);
});

test('a value that a spreadsheet would run as a formula is text', () => {
  assert.equal(
    csvLine(['=1+1', '+x', '-x', '@x', 'a,b', 'a"b', undefined, 7]),
    `'=1+1,'+x,'-x,'@x,"a,b","a""b",,7\r\n`,
  );
});
