import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alertRow } from '../../control-plane/test/alerts/scene.ts';
import { cliRig } from './cli-rig.ts';

test('alerts are listed and shown', async () => {
  await using rig = await cliRig();
  const { store } = rig.api.rig;
  assert.match((await rig.cli('alert', 'list')).stdout, /no alerts in the last 30 days/);
  assert.match((await rig.cli('alert', 'list', '--firing')).stdout, /^No alert is firing\.\n$/);
  const firing = alertRow('b', { subject: 'agent:orders-1', since: Date.now() - 65_000 });
  await store.alerts.save([firing, alertRow('a', { state: 'resolved', resolvedAt: Date.now() - 5_500 })]);
  rig.api.live.firing = [firing];
  const { stdout } = await rig.cli('alert', 'list');
  assert.match(stdout, /\nb\s+firing\s+agent-stale\s+agent:orders-1\s+1m ago\s+-\s+The agent is silent\.\n/);
  assert.match(
    stdout,
    /\na\s+resolved\s+agent-stale\s+agent:a\s+\S+ ago\s+[5-9]s ago\s+The agent is silent\.\n$/,
  );
  assert.doesNotMatch((await rig.cli('alert', 'list', '--limit', '1')).stdout, /resolved/);
  const only = JSON.parse((await rig.cli('alert', 'list', '--firing', '--output', 'json')).stdout);
  assert.deepEqual(
    only.items.map(({ id }: { id: string }) => id),
    ['b'],
  );
  await store.alerts.saveDeliveries([
    {
      id: 'd1',
      alertId: 'b',
      receiver: 'ops',
      kind: 'firing',
      state: 'pending',
      messageId: 'm1',
      attempts: 3,
      createdAt: 2_000,
      nextAt: 9_000,
      settledAt: null,
      lastError: 'The receiver responded with HTTP 503.',
    },
  ]);
  const shown = (await rig.cli('alert', 'show', 'b')).stdout;
  assert.match(
    shown,
    /advice\s+If it does not come back .* For details, run penstock-gateway agent show orders-1\.\n/,
  );
  assert.match(
    shown,
    /notified ops\s+firing: pending, 3 attempts\. The receiver responded with HTTP 503\.\n/,
  );
  assert.match((await rig.cli('alert', 'show', 'x')).stderr, /There is no alert x/);
});
