import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createGatewayMetrics } from '../../src/observe/metrics.ts';

async function linesOf(metrics: ReturnType<typeof createGatewayMetrics>, name: string): Promise<string[]> {
  const text = await metrics.registry.metrics();
  return text.split('\n').filter((line) => line.startsWith(`${name}{`));
}

test('outcome is ok or failed, the code is a label of its own, and times are by connection', async () => {
  const metrics = createGatewayMetrics();
  metrics.opened('orders', 0.01, 1);
  metrics.failed('orders', 'REFUSED');
  metrics.ended('orders', { code: undefined });
  metrics.ended('orders', { code: 'SESSION_LOST' });
  assert.deepEqual(await linesOf(metrics, 'penstock_gateway_opens_total'), [
    'penstock_gateway_opens_total{connection="orders",outcome="ok",code=""} 1',
    'penstock_gateway_opens_total{connection="orders",outcome="failed",code="REFUSED"} 1',
  ]);
  assert.deepEqual(await linesOf(metrics, 'penstock_gateway_connections_ended_total'), [
    'penstock_gateway_connections_ended_total{connection="orders",outcome="ok",code=""} 1',
    'penstock_gateway_connections_ended_total{connection="orders",outcome="failed",code="SESSION_LOST"} 1',
  ]);
  assert.deepEqual(await linesOf(metrics, 'penstock_gateway_open_seconds_count'), [
    'penstock_gateway_open_seconds_count{connection="orders"} 1',
  ]);
});

test('series of connections that were removed are dropped', async () => {
  const metrics = createGatewayMetrics();
  for (const connection of ['orders', 'billing']) {
    metrics.opened(connection, 0.01, 1);
    metrics.failed(connection, 'REFUSED');
    metrics.ended(connection, { code: 'TARGET_RESET' });
  }
  metrics.keepOnly(new Set(['billing']));
  const text = await metrics.registry.metrics();
  assert.ok(!text.includes('orders'));
  assert.equal(text.match(/^penstock_gateway_opens_total\{connection="billing"/gm)?.length, 2);
});
