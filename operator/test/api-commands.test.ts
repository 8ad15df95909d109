import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAgentConfig } from '@penstock/config-schema';
import { StoreError } from '@penstock/store';
import { absentView, testView } from '../../control-plane/test/fleet/test-view.ts';
import { agentKey, FROM, requestOf } from '../../control-plane/test/identity/identity-rig.ts';
import { expectNoLeaks } from '../../test/rig/leaks.ts';
import { cliRig } from './cli-rig.ts';

test('tokens are created, listed and revoked, and only the token is written to stdout', async () => {
  await using _leaks = expectNoLeaks();
  await using rig = await cliRig();
  const options = [
    '--uses',
    '2',
    '--ttl',
    '2h',
    '--name-pattern',
    'orders-*',
    '--source',
    '10.0.0.0/8',
    'fd00::/8',
  ];
  const made = await rig.cli('token', 'create', '--pool', 'dc1', ...options);
  assert.equal(made.exitCode, 0, made.stderr);
  assert.match(made.stdout, /^pst_enroll_\S+\n$/);
  assert.match(made.stderr, /2 agents in pool dc1 until 20.*not shown again/s);
  assertLoads(made.stderr.slice(made.stderr.indexOf('  identity:')));
  const token = made.stdout.trim();
  const { csr } = await agentKey();
  await rig.api.rig.identity.enrollment.enroll(requestOf(token, csr), FROM);

  const id = token.split('_')[2] ?? '';
  const listed = await rig.cli('token', 'list');
  const [head = '', line = ''] = listed.stdout.split('\n');
  assert.match(head, /^ID\s+STATE\s+POOL\s+USES LEFT\s+NAMES\s+FROM\s+EXPIRES\s+CREATED BY$/);
  assert.match(
    line,
    new RegExp(
      `^${id}\\s+usable\\s+dc1\\s+1 of 2\\s+orders-\\*\\s+10\\.0\\.0\\.0/8, fd00::/8\\s+in \\d+h\\s+a admin$`,
    ),
  );
  assert.equal(listed.stdout.includes(token), false);

  const revoked = await rig.cli('token', 'revoke', token);
  assert.match(revoked.stdout, new RegExp(`^The enrollment token ${id} is revoked`));
  const json = await rig.cli('token', 'list', '--output', 'json');
  const { items } = JSON.parse(json.stdout) as { items: { id: string; state: string }[] };
  assert.deepEqual(
    items.map(({ id: each, state }) => [each, state]),
    [[id, 'revoked']],
  );
});

/** Asserts that the printed lines are valid in agent.yaml. */
function assertLoads(lines: string): void {
  const indent = /^ */.exec(lines)?.[0] ?? '';
  const pin = `sha256/${'A'.repeat(43)}=`;
  const file = [
    'apiVersion: penstock/v1',
    'kind: Agent',
    'version: 1',
    'name: orders-1',
    'pool: dc1',
    `gateway: {url: "https://gateway.example.com:8443", pins: ["${pin}"], trust: pins}`,
    'connectors: [{name: orders-db, kind: tcp, address: "127.0.0.1:5432"}]',
    ...lines.split('\n').map((line) => line.replace(indent, '')),
  ];
  const parsed = parseAgentConfig(file.join('\n'), { environment: {}, readFile: () => 'pst_enroll_x' });
  assert.ok(parsed.ok, JSON.stringify(parsed));
  assert.equal(parsed.config.identity.enrollmentToken?.reveal(), 'pst_enroll_x');
}

test('listings with several pages are printed completely', async () => {
  await using rig = await cliRig();
  const { tokens } = rig.api.rig.identity;
  for (let count = 0; count < 501; count += 1) {
    await tokens.create({ pool: 'dc1', uses: 1, ttl: 1000 }, { id: 'host' });
  }
  const { stdout } = await rig.cli('token', 'list', '-o', 'json');
  const { items } = JSON.parse(stdout) as { items: { id: string }[] };
  assert.equal(new Set(items.map(({ id }) => id)).size, 501);
});

test('agents are listed and revoked, and tokens they could enroll with again are named', async () => {
  await using rig = await cliRig();
  const { identity } = rig.api.rig;
  assert.match((await rig.cli('agent', 'list')).stdout, /No agent has enrolled yet\. .*token create/);
  rig.api.live.agents = [
    testView('orders-1', {
      sessions: { got: 1, wanted: 2 },
      lastHeartbeat: Date.now() - 5500,
      identityNotAfter: Date.now() + 3_700_000,
    }),
    absentView('orders-2', { identityNotAfter: Date.now() + 3_700_000 }),
  ];
  const { stdout } = await rig.cli('agent', 'list');
  const [, one = '', two = ''] = stdout.split('\n');
  assert.match(
    one,
    /^orders-1\s+dc1\s+connected\s+-\s+1\/2\s+3\s+0\.1\.0\s+12@01234567\s+[5-9]s ago\s+12ms\s+in 1h\s+192\.0\.2\.1$/,
  );
  assert.match(two, /^orders-2\s+dc1\s+disconnected\s+NO_SESSION\s+0\s+0\s+-\s+-\s+-\s+-\s+in \d+(h|d)\s+-$/);

  const fresh = await rig.api.rig.token({ uses: 5 });
  await identity.enrollment.enroll(requestOf(fresh, (await agentKey()).csr, { name: 'orders-3' }), FROM);
  const revoked = await rig.cli('agent', 'revoke', 'orders-3', '--yes');
  assert.match(revoked.stdout, /identity of orders-3 \(agt_\w+\) is revoked permanently/);
  assert.match(revoked.stderr, new RegExp(`penstock-gateway token revoke ${fresh.split('_')[2]}`));
  const again = await rig.cli('agent', 'revoke', 'orders-3', '--yes');
  assert.deepEqual([again.exitCode, again.stdout], [1, '']);
  assert.match(again.stderr, /no agent named orders-3, or it has been revoked\. \(NOT_FOUND\)/);
});

test('a revocation succeeds with a warning if the store cannot list the remaining tokens', async (t) => {
  await using rig = await cliRig();
  const { store, identity } = rig.api.rig;
  const { csr } = await agentKey();
  await identity.enrollment.enroll(requestOf(await rig.api.rig.token(), csr, { name: 'orders-3' }), FROM);
  t.mock.method(store.enrollments, 'tokensUsableBy', async () => {
    throw new StoreError('timeout', 'No answer in time.');
  });
  const revoked = await rig.cli('agent', 'revoke', 'orders-3', '--yes');
  assert.equal(revoked.exitCode, 0);
  assert.match(revoked.stdout, /identity of orders-3 \(agt_\w+\) is revoked permanently/);
  assert.match(revoked.stderr, /The store did not answer[\s\S]*penstock-gateway token list/);
});

test('admin tokens are created with a role, listed and revoked', async () => {
  await using rig = await cliRig();
  const made = await rig.cli('admin-token', 'create', '--name', 'dashboard');
  assert.match(made.stdout, /^pst_admin_\S+\n$/);
  assert.match(made.stderr, /Role: viewer\. The token is not shown again/);
  const token = made.stdout.trim();
  const refused = await rig.cli('admin-token', 'create', '--name', 'x', '--role', 'root');
  assert.deepEqual([refused.exitCode, refused.stdout], [64, '']);
  const revoked = await rig.cli('admin-token', 'revoke', token);
  assert.equal(revoked.stdout, `The admin token dashboard (${token.split('_')[2]}) is revoked.\n`);
  const listed = await rig.cli('admin-token', 'list');
  assert.match(listed.stdout, /\n[0-9a-f]{20}\s+dashboard\s+viewer\s+\S.*revoked\n/);
  assert.equal(listed.stdout.includes(token), false);
});

test('connections are listed with their listeners', async () => {
  await using rig = await cliRig('viewer');
  assert.match((await rig.cli('connection', 'list')).stdout, /has no connections/);
  rig.api.live.connections = [
    {
      name: 'orders',
      connector: 'orders-db',
      pools: ['dc1', 'dc2'],
      ingress: [
        { kind: 'tcp', address: '127.0.0.1', port: 15432 },
        { kind: 'tcp', address: '::1', port: 15433 },
      ],
      open: 4,
      waiting: 1,
      openedTotal: 90,
      failedTotal: 2,
      deniedTotal: 0,
    },
  ];
  const { stdout } = await rig.cli('connection', 'list');
  assert.match(
    stdout,
    /\norders\s+orders-db\s+dc1, dc2\s+127\.0\.0\.1:15432, \[::1\]:15433\s+4\s+1\s+90\s+2\s+0\n$/,
  );
  const json = await rig.cli('connection', 'list', '--output', 'json');
  assert.deepEqual(JSON.parse(json.stdout), { items: rig.api.live.connections });
});
