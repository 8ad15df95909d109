import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { test } from 'node:test';
import { deadline } from '../../../test/rig/deadline.ts';
import { type EventReader, readEvents } from '../../../test/rig/event-reader.ts';
import { eventually } from '../../../test/rig/eventually.ts';
import { expectNoLeaks } from '../../../test/rig/leaks.ts';
import { revokeAdminToken } from '../../src/identity/admin-token.ts';
import { HOST } from '../identity/identity-rig.ts';
import { type ApiRig, apiRig, assertProblem } from './api-rig.ts';

async function listening(api: ApiRig): Promise<string> {
  await api.app.listen({ host: '127.0.0.1', port: 0 });
  return `http://127.0.0.1:${(api.app.server.address() as AddressInfo).port}`;
}

test('changes are published once they are committed, and connection counters when they change', async () => {
  await using _leaks = expectNoLeaks();
  await using api = await apiRig();
  const url = await listening(api);
  await using events = await readEvents(url, api.tokens.viewer);
  assert.match(events.headers.get('content-type') ?? '', /^text\/event-stream/);
  assert.match(events.headers.get('cache-control') ?? '', /no-store/);
  await api.ask('POST', '/api/v1/enrollment-tokens', { as: 'admin', body: { pool: 'dc1' } });
  const made = await events.next();
  assert.ok(made);
  assert.equal(made.event, 'audit');
  const { action, actor, at } = made.data as { action: string; actor: string; at: string };
  assert.deepEqual([action, actor], ['enrollment-token.create', `admin-token:${idOf(api.tokens.admin)}`]);
  assert.equal(at, new Date(api.rig.clock.now).toISOString());

  const figures = { name: 'orders', open: 1, waiting: 0, openedTotal: 5, failedTotal: 0 };
  api.live.connections = [{ ...figures, deniedTotal: 0, connector: 'db', pools: ['dc1'], ingress: [] }];
  const changed = await events.next();
  assert.deepEqual(changed, { event: 'connections', id: undefined, data: { items: [figures] } });
});

test('changes of a failed transaction are not published', async () => {
  await using api = await apiRig();
  const url = await listening(api);
  await using events = await readEvents(url, api.tokens.viewer);
  const entry = { at: 1, actor: 'host', action: 'try', subject: 'x' };
  const failing = api.rig.store.transaction(async (inside) => {
    await inside.audit.append(entry);
    throw new Error('no');
  });
  await assert.rejects(failing, /no/);
  await api.rig.store.audit.append({ ...entry, action: 'kept' });
  assert.equal(await actionOf(events), 'kept');
});

test('a listener resumes after its last event, or receives a reset if that is too old', async () => {
  await using api = await apiRig();
  const url = await listening(api);
  const append = (action: string) =>
    api.rig.store.audit.append({ at: 1, actor: 'host', action, subject: 'x' });
  let lastId: string | undefined;
  {
    await using first = await readEvents(url, api.tokens.viewer);
    await append('one');
    await first.next();
    lastId = first.lastId;
  }
  await append('two');
  await append('three');
  await using second = await readEvents(url, api.tokens.viewer, lastId);
  assert.deepEqual([await actionOf(second), await actionOf(second)], ['two', 'three']);
  await using third = await readEvents(url, api.tokens.viewer, '0123456789ab-7');
  const reset = await third.next();
  assert.deepEqual([reset?.event, reset?.id], ['reset', third.lastId]);
  const { reloadAfterMs = -1 } = (reset?.data ?? {}) as { readonly reloadAfterMs?: number };
  assert.ok(
    reloadAfterMs >= 0 && reloadAfterMs < 5_000,
    'listeners read everything again at different times',
  );
});

test('a listener can catch up on more events than are buffered for a slow listener', async () => {
  await using _leaks = expectNoLeaks();
  await using api = await apiRig();
  const url = await listening(api);
  await using first = await readEvents(url, api.tokens.viewer);
  const publish = (id: number) => {
    const detail = 'x'.repeat(2 * 1024);
    api.events.publish('alert', { id: String(id), condition: 'c', subject: 's', state: 'firing', detail });
  };
  publish(0);
  assert.equal(alertId(await first.next()), '0');
  for (let id = 1; id <= 1000; id += 1) publish(id);
  {
    await using second = await readEvents(url, api.tokens.viewer, first.lastId);
    for (let id = 1; id <= 10; id += 1) assert.equal(alertId(await second.next()), String(id));
    await using third = await readEvents(url, api.tokens.viewer, second.lastId);
    publish(1001);
    for (let id = 11; id <= 1001; id += 1) assert.equal(alertId(await third.next()), String(id));
  }
});

test('a listener that is cut off before its first missed event resumes at the same place', async () => {
  await using api = await apiRig();
  const url = await listening(api);
  let lastId = '';
  {
    await using first = await readEvents(url, api.tokens.viewer);
    api.events.publish('alert', { id: '1', condition: 'c', subject: 's', state: 'firing', detail: '' });
    await first.next();
    lastId = first.lastId ?? '';
  }
  api.events.publish('alert', { id: '2', condition: 'c', subject: 's', state: 'firing', detail: '' });
  const { payload } = await endedStream(api, lastId);
  assert.equal(/^id: (.*)$/m.exec(payload)?.[1], lastId);
});

test('a stream ends when the gateway drains or its admin token is revoked', async () => {
  await using api = await apiRig();
  const url = await listening(api);
  await using operator = await readEvents(url, api.tokens.operator);
  await using viewer = await readEvents(url, api.tokens.viewer);
  const { store, clock } = api.rig;
  await revokeAdminToken(store, idOf(api.tokens.operator), HOST, clock.now);
  assert.equal((await operator.next())?.event, 'audit');
  assert.equal(await operator.next(), undefined);
  assert.equal((await viewer.next())?.event, 'audit');
  api.events.close();
  assert.equal(await viewer.next(), undefined);
  assert.equal(api.events.listeners, 0);
});

test('a listener that does not read is disconnected, and others continue', async () => {
  await using _leaks = expectNoLeaks();
  await using api = await apiRig();
  const url = await listening(api);
  const slow = connect(Number(new URL(url).port), '127.0.0.1');
  await once(slow, 'connect');
  slow.on('error', () => undefined);
  slow.write(`GET /api/v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${api.tokens.viewer}\r\n\r\n`);
  slow.pause();
  await eventually('the slow listener to be there', () => api.events.listeners === 1);
  await using quick = await readEvents(url, api.tokens.viewer);
  const detail = 'x'.repeat(64 * 1024);
  let sent = 0;
  while (api.events.listeners === 2) {
    api.events.publish('alert', { id: String(sent), condition: 'c', subject: 's', state: 'firing', detail });
    sent += 1;
    assert.equal((await quick.next())?.event, 'alert');
    assert.ok(sent < 2000, 'a slow listener must not be fed for ever');
  }
  api.events.publish('alert', { id: 'last', condition: 'c', subject: 's', state: 'resolved', detail: '' });
  assert.match(JSON.stringify(await quick.next()), /"id":"last"/);
  slow.resume();
  await deadline('the slow listener to be cut off', once(slow, 'close'), 10_000);
});

test('the number of listeners is limited, and a disconnected listener frees its place', async () => {
  await using api = await apiRig();
  const url = await listening(api);
  const held = [];
  for (let each = 0; each < 64; each += 1) held.push(await readEvents(url, api.tokens.viewer));
  const refused = await api.ask('GET', '/api/v1/events', { as: 'viewer' });
  assertProblem(refused, 429, 'TOO_MANY_REQUESTS', /64 listeners/);
  for (const each of held) await each[Symbol.asyncDispose]();
  await eventually('the places to be free', () => api.events.listeners === 0);
  await using _events = await readEvents(url, api.tokens.viewer);
});

const alertId = (event: Awaited<ReturnType<EventReader['next']>>) =>
  (event?.data as { id: string } | undefined)?.id;

/** What a resumed stream sent before the gateway closed it. */
async function endedStream(api: ApiRig, lastEventId: string): Promise<{ readonly payload: string }> {
  const answer = api.app.inject({
    url: '/api/v1/events',
    headers: { authorization: `Bearer ${api.tokens.viewer}`, 'last-event-id': lastEventId },
  });
  await eventually('the listener', () => api.events.listeners === 1);
  api.events.close();
  return answer;
}

const idOf = (token: string) => token.split('_')[2] ?? '';

/** The action of the next audit event. */
async function actionOf(events: EventReader): Promise<string | undefined> {
  const next = await events.next();
  return (next?.data as { action: string } | undefined)?.action;
}
