import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SessionView } from '../../src/fleet/session-view.ts';
import { apiRig } from './api-rig.ts';

const view = (agent: string, slot: number, more: Partial<SessionView> = {}): SessionView => ({
  agent,
  agentId: `agt_${agent}`,
  pool: 'dc1',
  slot,
  state: 'ready',
  address: '192.0.2.1',
  since: 1_700_000_000_000,
  roundTrip: 1.5,
  streams: { open: 2, opening: 0 },
  ...more,
});

type Page = { items: { agent: string; slot: number }[]; nextCursor?: string };

test('sessions are listed with their round trips and streams', async () => {
  await using api = await apiRig();
  api.live.sessions = [view('a', 0), view('a', 1, { roundTrip: undefined, state: 'draining' })];
  const { body } = await api.ask<Page>('GET', '/api/v1/sessions', { as: 'viewer' });
  const common = {
    agent: 'a',
    agentId: 'agt_a',
    pool: 'dc1',
    address: '192.0.2.1',
    since: '2023-11-14T22:13:20.000Z',
    streams: { open: 2, opening: 0 },
  };
  assert.deepEqual(body, {
    items: [
      { ...common, slot: 0, state: 'ready', roundTripMs: 1.5 },
      { ...common, slot: 1, state: 'draining' },
    ],
  });
});

test('pages keep the sessions of an agent together, without gaps or overlaps', async () => {
  await using api = await apiRig();
  api.live.sessions = ['a', 'b', 'c'].flatMap((agent) => [0, 1, 2].map((slot) => view(agent, slot)));
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const query = new URLSearchParams({ limit: '4', ...(cursor !== undefined && { cursor }) });
    const { body } = await api.ask<Page>('GET', `/api/v1/sessions?${query}`, { as: 'viewer' });
    seen.push(...body.items.map(({ agent, slot }) => `${agent}${slot}`), '|');
    cursor = body.nextCursor;
  } while (cursor !== undefined && seen.length < 50);
  assert.equal(seen.join(' '), 'a0 a1 a2 b0 b1 b2 | c0 c1 c2 |');
});

test('sessions can be filtered by agent and by pool', async () => {
  await using api = await apiRig();
  api.live.sessions = [view('a', 0), view('b', 0, { pool: 'dc2' }), view('b', 1)];
  const ask = async (query: string) => {
    const { body } = await api.ask<Page>('GET', `/api/v1/sessions?${query}`, { as: 'viewer' });
    return body.items.map(({ agent, slot }) => `${agent}${slot}`);
  };
  assert.deepEqual(await ask('agent=b'), ['b0', 'b1']);
  assert.deepEqual(await ask('pool=dc1'), ['a0', 'b1']);
  assert.deepEqual(await ask('agent=a&pool=dc2'), []);
});
