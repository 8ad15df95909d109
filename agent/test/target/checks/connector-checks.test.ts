import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Connector } from '@penstock/config-schema';
import { limits } from '@penstock/wire';
import { eventually } from '../../../../test/rig/eventually.ts';
import { expectNoLeaks } from '../../../../test/rig/leaks.ts';
import { startEcho } from '../../../../test/rig/targets.ts';
import { type ConnectorCheckResult, ConnectorChecks } from '../../../src/target/checks/connector-checks.ts';
import { heartbeatChecks } from '../../../src/target/checks/heartbeat-checks.ts';

const targets = {
  resolve: async (host: string) => [{ address: host, family: 4 }],
  isDenied: () => false,
};

const connector = (name: string, port: number, changes: Partial<Connector> = {}): Connector => ({
  ...({} as Connector),
  name,
  kind: 'tcp',
  address: { host: '127.0.0.1', port },
  maxConnections: 1,
  dialTimeout: 5_000,
  check: { interval: 20 },
  ...changes,
});

test('connectors are checked periodically, and only changes are logged', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startEcho();
  const logged: string[] = [];
  const checks = new ConnectorChecks({
    targets,
    log: (event, fields) => logged.push(`${event} ${fields?.['connector']}`),
  });
  const { port } = target.address;
  checks.apply({
    connectors: [connector('a', port), connector('b', port, { check: undefined })],
  });
  await eventually('several checks', () => target.accepted >= 4, { within: 15_000 });
  assert.deepEqual(
    checks.results.map(({ connector: name, reach }) => [name, reach]),
    [['a', 'ready']],
  );
  assert.deepEqual(logged, []);
  target.refuse();
  await eventually('the failure to be seen', () => checks.resultOf('a')?.reach === 'refused', {
    within: 15_000,
  });
  await target.listen();
  await eventually('the recovery', () => checks.resultOf('a')?.reach === 'ready', { within: 15_000 });
  assert.deepEqual(logged, ['connector-failing a', 'connector-recovered a']);
  checks.apply({ connectors: [] });
  assert.deepEqual(checks.results, []);
  await checks.stop();
});

test('checks of the maximum number of connectors fit one heartbeat, and failures keep their details', () => {
  const found: ConnectorCheckResult[] = Array.from({ length: limits.connectors }, (_, index) => ({
    connector: `${index}`.padEnd(63, 'x'),
    reach: index % 7 === 0 ? 'certificate' : 'unreachable',
    at: 1_700_000_000_000,
    milliseconds: 12_345.6,
    detail: 'd"'.repeat(128),
  }));
  const fitted = heartbeatChecks(found);
  assert.equal(fitted.length, limits.connectors);
  assert.ok(Buffer.byteLength(JSON.stringify(fitted)) < limits.controlMessageBytes - 1024);
  const few: ConnectorCheckResult[] = [
    { connector: 'a', reach: 'ready', at: 1, milliseconds: 1, detail: 'Redis' },
    { connector: 'b', reach: 'refused', at: 1, detail: 'no' },
  ];
  assert.deepEqual(heartbeatChecks(few), few);
});
