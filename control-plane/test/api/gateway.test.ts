import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AttentionList, GatewayResource } from '@penstock/api-schema';
import type { Static } from '@penstock/json-schema';
import { testView } from '../fleet/test-view.ts';
import { apiRig } from './api-rig.ts';

test('the gateway shows its clock, its tunnel with pins, its limits, and what is wrong with it', async () => {
  await using api = await apiRig();
  api.live.readiness = { ready: false, reasons: ['The gateway is draining.'] };
  api.live.console.url = undefined;
  const { body } = await api.ask<GatewayResource>('GET', '/api/v1/gateway', { as: 'viewer' });
  assert.equal(body.organization, 'acme');
  assert.equal(Date.parse(body.time), api.rig.clock.now);
  assert.deepEqual(body.tunnel.pins, ['sha256/pin=']);
  assert.equal(body.tunnel.host, 'gateway.example.com');
  assert.deepEqual(body.store, { kind: 'embedded' });
  assert.equal(body.health.staleAfterMs, 60_000);
  assert.deepEqual([body.ready, body.reasons], [false, ['The gateway is draining.']]);
  assert.equal(body.console.tls, false);
});

test('attention is empty for a healthy fleet, and names what is wrong otherwise', async () => {
  await using api = await apiRig();
  const ask = async () =>
    (await api.ask<Static<typeof AttentionList>>('GET', '/api/v1/attention', { as: 'viewer' })).body;
  api.live.agents = [testView('a1'), testView('a2', {}, 'CLOCK_SKEW')];
  const { items, asOf, complete } = await ask();
  assert.equal(asOf, api.events.lastId);
  assert.equal(complete, true);
  const skew = items.find(({ code }) => code === 'CLOCK_SKEW');
  assert.deepEqual([skew?.count, skew?.agents, skew?.pool], [1, ['a2'], 'dc1']);
  assert.ok(items.some(({ code, severity }) => code === 'pool-below-min-ready' && severity === 'warning'));
});
