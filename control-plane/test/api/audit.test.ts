import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apiRig, assertProblem } from './api-rig.ts';

type Entry = { id: string; action: string; subject: string };
type Page = { items: Entry[]; nextCursor?: string };

test('the audit trail is listed newest first, by page, with the values before and after', async () => {
  await using api = await apiRig();
  const { audit } = api.rig.store;
  for (let at = 1; at <= 5; at += 1) {
    await audit.append({
      at,
      actor: at % 2 === 0 ? 'host' : 'agent:a',
      action: at > 3 ? 'late' : 'early',
      subject: `thing:${at}`,
      ...(at === 5 && { address: '192.0.2.7', before: { on: false }, after: { on: true } }),
    });
  }
  const first = await api.ask<Page>('GET', '/api/v1/audit?limit=2', { as: 'viewer' });
  const [newest] = first.body.items;
  assert.deepEqual(newest, {
    id: newest?.id,
    at: '1970-01-01T00:00:00.005Z',
    actor: 'agent:a',
    action: 'late',
    subject: 'thing:5',
    address: '192.0.2.7',
    before: { on: false },
    after: { on: true },
  });
  const path = `/api/v1/audit?limit=2&cursor=${first.body.nextCursor}`;
  const second = await api.ask<Page>('GET', path, { as: 'viewer' });
  assert.deepEqual(subjects(second.body), ['thing:3', 'thing:2']);

  const filtered = async (query: string) =>
    subjects((await api.ask<Page>('GET', `/api/v1/audit?${query}`, { as: 'viewer' })).body);
  assert.deepEqual(await filtered('actor=host&action=early'), ['thing:2']);
  assert.deepEqual(await filtered('subject=thing:3'), ['thing:3']);
  assert.deepEqual(await filtered('action=never'), []);
  assertProblem(await api.ask('GET', '/api/v1/audit?who=me', { as: 'viewer' }), 400, 'REQUEST_INVALID');
});

const subjects = ({ items }: Page) => items.map(({ subject }) => subject);
