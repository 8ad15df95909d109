import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { CommandError } from '@penstock/terminal';
import Type from 'typebox';
import { expectNoLeaks } from '../../../test/rig/leaks.ts';
import { unusedPort } from '../../../test/rig/unused-port.ts';
import { ApiClient } from '../../src/cli/api-client.ts';
import { type ApiRig, apiRig } from '../api/api-rig.ts';
import { agentKey, FROM, requestOf } from '../identity/identity-rig.ts';
import { type CliResult, runCli } from './run-cli.ts';

type CliRig = AsyncDisposable & { readonly api: ApiRig; cli(...argv: string[]): Promise<CliResult> };

/** The API on a port, and the command line with an admin token for it. */
async function cliRig(role: 'viewer' | 'admin' = 'admin'): Promise<CliRig> {
  const api = await apiRig();
  await api.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = api.app.server.address() as AddressInfo;
  const environment = { PENSTOCK_URL: `http://127.0.0.1:${port}`, PENSTOCK_TOKEN: api.tokens[role] };
  return {
    api,
    cli: (...argv) => runCli(argv, environment),
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

test('a token is made, listed and revoked; the token alone goes to stdout', async () => {
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
  assert.match(made.stderr, /2 agents of the pool dc1 until 20.*not shown again/s);
  const token = made.stdout.trim();
  const { csr } = await agentKey();
  await rig.api.rig.identity.enrollment.enroll(requestOf(token, csr), FROM);

  const id = token.split('_')[2] ?? '';
  const listed = await rig.cli('token', 'list');
  const [head = '', line = ''] = listed.stdout.split('\n');
  assert.match(head, /^ID\s+STATE\s+POOL\s+USES LEFT\s+NAMES\s+FROM\s+EXPIRES\s+MADE BY$/);
  assert.match(
    line,
    new RegExp(`^${id}\\s+usable\\s+dc1\\s+1 of 2\\s+orders-\\*\\s+10\\.0\\.0\\.0/8, fd00::/8\\s+in \\d+h`),
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

test('more than one page is one list', async () => {
  await using rig = await cliRig();
  const { tokens } = rig.api.rig.identity;
  for (let count = 0; count < 501; count += 1) {
    await tokens.create({ pool: 'dc1', uses: 1, ttl: 1000 }, { actor: 'host' });
  }
  const { stdout } = await rig.cli('token', 'list', '-o', 'json');
  const { items } = JSON.parse(stdout) as { items: { id: string }[] };
  assert.equal(new Set(items.map(({ id }) => id)).size, 501);
});

test('agents are listed and revoked, with what could let them in again', async () => {
  await using rig = await cliRig();
  const { identity } = rig.api.rig;
  assert.match((await rig.cli('agent', 'list')).stdout, /No agent has enrolled yet\. .*token create/);
  const token = await rig.api.rig.token({ uses: 2 });
  const { agentId } = await identity.enrollment.enroll(requestOf(token, (await agentKey()).csr), FROM);
  await identity.enrollment.enroll(requestOf(token, (await agentKey()).csr, { name: 'orders-2' }), FROM);
  rig.api.live.agents = [
    {
      id: agentId,
      name: 'orders-1',
      pool: 'dc1',
      state: 'connected',
      connectedSince: Date.now() - 60_000,
      address: '192.0.2.1',
      sessions: { got: 1, wanted: 2 },
      softwareVersion: '0.1.0',
      config: { version: 12, digest: 'sha256:0123456789abcdef' },
      connectors: [],
      streams: { open: 3, opening: 0 },
      lastHeartbeat: Date.now() - 5500,
      identityNotAfter: Date.now() + 3_700_000,
    },
  ];
  const { stdout } = await rig.cli('agent', 'list');
  const [, one = '', two = ''] = stdout.split('\n');
  assert.match(
    one,
    /^orders-1\s+dc1\s+connected\s+1\/2\s+3\s+0\.1\.0\s+12@01234567\s+[5-9]s ago\s+in 1h\s+192\.0\.2\.1$/,
  );
  assert.match(two, /^orders-2\s+dc1\s+disconnected\s+0\s+0\s+-\s+-\s+-\s+in \d+(h|d)\s+-$/);

  const fresh = await rig.api.rig.token({ uses: 5 });
  await identity.enrollment.enroll(requestOf(fresh, (await agentKey()).csr, { name: 'orders-3' }), FROM);
  const revoked = await rig.cli('agent', 'revoke', 'orders-3');
  assert.match(revoked.stdout, /identity of orders-3 \(agt_\w+\) has ended for good/);
  assert.match(revoked.stderr, new RegExp(`penstock-gateway token revoke ${fresh.split('_')[2]}`));
  const again = await rig.cli('agent', 'revoke', 'orders-3');
  assert.deepEqual([again.exitCode, again.stdout], [1, '']);
  assert.match(again.stderr, /no agent named orders-3, or it was revoked\. \(NOT_FOUND\)/);
});

test('admin tokens are made for a role, listed and revoked', async () => {
  await using rig = await cliRig();
  const made = await rig.cli('admin-token', 'create', '--name', 'dashboard');
  assert.match(made.stdout, /^pst_admin_\S+\n$/);
  assert.match(made.stderr, /role viewer\. It is not shown again/);
  const token = made.stdout.trim();
  const refused = await rig.cli('admin-token', 'create', '--name', 'x', '--role', 'root');
  assert.deepEqual([refused.exitCode, refused.stdout], [64, '']);
  const revoked = await rig.cli('admin-token', 'revoke', token);
  assert.equal(revoked.stdout, `The admin token dashboard (${token.split('_')[2]}) is revoked.\n`);
  const listed = await rig.cli('admin-token', 'list');
  assert.match(listed.stdout, /\n[0-9a-f]{20}\s+dashboard\s+viewer\s+\S.*revoked\n/);
  assert.equal(listed.stdout.includes(token), false);
});

test('connections are listed with where they listen', async () => {
  await using rig = await cliRig('viewer');
  assert.match((await rig.cli('connection', 'list')).stdout, /names no connections/);
  rig.api.live.connections = [
    {
      name: 'orders',
      connector: 'orders-db',
      pools: ['dc1', 'dc2'],
      ingress: [
        { address: '127.0.0.1', port: 15432 },
        { address: '::1', port: 15433 },
      ],
      open: 4,
      waiting: 1,
      openedTotal: 90,
      failedTotal: 2,
    },
  ];
  const { stdout } = await rig.cli('connection', 'list');
  assert.match(
    stdout,
    /\norders\s+orders-db\s+dc1, dc2\s+127\.0\.0\.1:15432, \[::1\]:15433\s+4\s+1\s+90\s+2\n$/,
  );
  const json = await rig.cli('connection', 'list', '--output', 'json');
  assert.deepEqual(JSON.parse(json.stdout), { items: rig.api.live.connections });
});

test('no token, a wrong one, too small a role: each with what to do', async () => {
  await using rig = await cliRig('viewer');
  const { port } = rig.api.app.server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const none = await runCli(['token', 'list'], { PENSTOCK_URL: url });
  assert.equal(none.exitCode, 64);
  assert.match(none.stderr, /^error: PENSTOCK_TOKEN is not set.*\n.*init prints the first one/);
  const wrong = await runCli(['token', 'list'], { PENSTOCK_URL: url, PENSTOCK_TOKEN: 'pst_admin_wrong' });
  assert.equal(wrong.exitCode, 1);
  assert.match(wrong.stderr, /ADMIN_TOKEN_UNKNOWN\)\n.*--new-admin-token/);
  assert.equal(wrong.stderr.includes('pst_admin_wrong'), false);
  const small = await rig.cli('token', 'create', '--pool', 'dc1');
  assert.match(small.stderr, /needs the role admin.*ROLE_INSUFFICIENT\)\nSet PENSTOCK_TOKEN/);
});

test('an API that cannot be reached, is none, or hangs is told with what to do', async () => {
  await using _leaks = expectNoLeaks();
  const bodies: Record<string, () => [number, string]> = {
    '/html/api/v1/connections': () => [200, '<html>'],
    '/other/api/v1/connections': () => [200, '{"items": [{"name": 5}]}'],
    '/proxy/api/v1/connections': () => [502, 'Bad Gateway'],
    '/moved/api/v1/connections': () => [302, ''],
  };
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0] ?? '';
    asked.push(path);
    if (path.startsWith('/hang/')) return;
    const [status, body] = bodies[path]?.() ?? [404, ''];
    response.writeHead(status, { location: 'http://127.0.0.1/elsewhere' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const list = (url: string) =>
    runCli(['connection', 'list'], { PENSTOCK_URL: url, PENSTOCK_TOKEN: 'pst_admin_x' });
  for (const path of ['html', 'other', 'proxy', 'moved']) {
    const { stderr, exitCode } = await list(`http://127.0.0.1:${port}/${path}`);
    assert.equal(exitCode, 1);
    assert.match(stderr, /is no penstock-gateway's API\.\nCheck PENSTOCK_URL/, path);
  }
  assert.equal(asked.length, 4, 'a redirect is not followed');
  const hanging = new ApiClient({ url: new URL(`http://127.0.0.1:${port}/hang`), token: 'x', timeout: 50 });
  await assert.rejects(hanging.ask(Type.Object({}), 'GET', 'connections'), (error: unknown) => {
    assert.ok(error instanceof CommandError);
    assert.match(error.message, /cannot be reached at .*: no answer within 0\.05 s/);
    return true;
  });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  const gone = await list(`http://127.0.0.1:${await unusedPort()}`);
  assert.match(
    gone.stderr,
    /cannot be reached at http:\/\/127\.0\.0\.1:\d+\/: ECONNREFUSED\.\nIs the gateway running\?/,
  );
  for (const url of ['ftp://127.0.0.1', 'localhost:8080', 'http://user:secret@127.0.0.1', 'nonsense']) {
    const { stderr, exitCode } = await list(url);
    assert.equal(exitCode, 64, url);
    assert.match(stderr, /PENSTOCK_URL is not the URL of an API/);
    assert.equal(stderr.includes('secret'), false);
  }
});

test('a token that would travel in the clear to another host is warned about', async () => {
  // Nothing listens there: 192.0.2.0/24 is for documentation (RFC 5737), and port 0 fails at once.
  const { stderr } = await runCli(['agent', 'list'], {
    PENSTOCK_URL: 'http://192.0.2.1:0',
    PENSTOCK_TOKEN: 'pst_admin_x',
  });
  assert.match(stderr, /^warning: the admin token travels to 192\.0\.2\.1:0 in the clear/);
});

test('what is wrong with arguments is told, and nothing is asked', async () => {
  const cases: [string[], RegExp][] = [
    [['token', 'create'], /required option '--pool <pool>'/],
    [['token', 'create', '--pool', 'dc1', '--uses', '0'], /whole number, 1 or more/],
    [['token', 'create', '--pool', 'dc1', '--ttl', '90'], /whole number and its unit/],
    [['token', 'create', '--pool', 'dc1', '--ttl', '0s'], /whole number and its unit/],
    [['token', 'list', '--output', 'xml'], /Allowed choices are text, json/],
    [['token', 'revoke'], /missing required argument 'id'/],
    [['tokn'], /unknown command 'tokn'/],
  ];
  for (const [argv, words] of cases) {
    const { stderr, exitCode } = await runCli(argv);
    assert.equal(exitCode, 64, argv.join(' '));
    assert.match(stderr, words);
  }
});
