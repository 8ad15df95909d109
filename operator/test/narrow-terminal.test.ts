import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testView } from '../../control-plane/test/fleet/test-view.ts';
import { cliRig } from './cli-rig.ts';

/** As long as a name can be. */
const LONG = `orders-${'x'.repeat(56)}`;
const COLUMNS = 80;

test('at 80 columns, lists keep whole what other commands need', async () => {
  await using rig = await cliRig('admin');
  const { live } = rig.api;
  live.agents = [testView(LONG)];
  live.connections = [
    {
      name: LONG,
      connector: LONG,
      pools: ['dc1'],
      ingress: [{ kind: 'tcp', address: '2001:db8::1', port: 15432 }],
      open: 4,
      waiting: 1,
      openedTotal: 90,
      failedTotal: 2,
      deniedTotal: 0,
    },
  ];
  const idOf = async (...argv: string[]) =>
    (JSON.parse((await rig.cli(...argv, '-o', 'json')).stdout) as { id: string }).id;
  const token = await idOf('token', 'create', '--pool', 'dc1', '--name-pattern', LONG.replace('x', '*'));
  const grant = await idOf('grant', 'create', '--connection', 'orders', '--name', LONG);
  const admin = await idOf('admin-token', 'create', '--name', LONG, '--role', 'operator');
  live.approval = ['restart'];
  const restart = rig.api.approvals.action('restart', async () => undefined);
  const asked = { pool: 'dc1', subject: `agent:${LONG}`, arguments: {} };
  const approval = await restart(asked, { id: 'host', role: 'operator', address: undefined });
  assert.ok(approval.kind === 'waiting');
  const CLIENT = '2001:db8:1111:2222:3333:4444:5555:6666';
  rig.api.connectionLog.begin({
    connection: 'orders',
    connector: 'orders-db',
    address: CLIENT,
    port: 50_000,
    ingress: '0.0.0.0:1080',
    ingressKind: 'socks5',
    host: undefined,
    grant: undefined,
    subject: undefined,
  });
  const kept: readonly (readonly [word: string, argv: readonly string[]])[] = [
    [token, ['token', 'list']],
    [grant, ['grant', 'list']],
    [admin, ['admin-token', 'list']],
    [LONG, ['agent', 'list']],
    [LONG, ['connection', 'list']],
    [approval.approval.id, ['approval', 'list']],
    [`[${CLIENT}]:50000`, ['connection', 'log']],
    ['dc1', ['pool', 'list']],
    ['ops', ['receiver', 'list']],
  ];
  for (const [word, argv] of kept) {
    const { stdout } = await rig.at(COLUMNS, ...argv);
    assert.ok(stdout.includes(word), `${argv.join(' ')} lacks ${word}:\n${stdout}`);
  }
});
