import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { Type } from '@penstock/json-schema';
import { CommandError } from '@penstock/terminal';
import { expectNoLeaks } from '../../test/rig/leaks.ts';
import { LoopbackServer } from '../../test/rig/loopback-server.ts';
import { runCli } from '../../test/rig/run-cli.ts';
import { unusedPort } from '../../test/rig/unused-port.ts';
import { ApiClient } from '../src/api/api-client.ts';
import { cliRig } from './cli-rig.ts';

test('a missing token, an unknown token and an insufficient role: each says what to do', async () => {
  await using rig = await cliRig('viewer');
  const { port } = rig.api.app.server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const none = await runCli(['token', 'list'], { PENSTOCK_URL: url });
  assert.equal(none.exitCode, 64);
  assert.match(none.stderr, /^error: PENSTOCK_TOKEN is not set.*\n.*init prints the first one/);
  for (const path of ['/api/v1', '/api/v1/', '/console/']) {
    const asCopied = await runCli(['agent', 'list'], {
      PENSTOCK_URL: `${url}${path}`,
      PENSTOCK_TOKEN: rig.api.tokens.viewer,
    });
    assert.equal(asCopied.exitCode, 0, asCopied.stderr);
  }
  const wrong = await runCli(['token', 'list'], { PENSTOCK_URL: url, PENSTOCK_TOKEN: 'pst_admin_wrong' });
  assert.equal(wrong.exitCode, 1);
  assert.match(wrong.stderr, /ADMIN_TOKEN_UNKNOWN\)\n.*--new-admin-token/);
  assert.equal(wrong.stderr.includes('pst_admin_wrong'), false);
  const small = await rig.cli('token', 'create', '--pool', 'dc1');
  assert.match(small.stderr, /requires the role admin.*ROLE_INSUFFICIENT\)\nSet PENSTOCK_TOKEN/);
});

test('an unreachable, foreign or hanging API is reported with what to do', async () => {
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
    assert.match(stderr, /is not the API of a penstock-gateway\.\nCheck PENSTOCK_URL/, path);
  }
  assert.equal(asked.length, 4, 'a redirect is not followed');
  const hanging = new ApiClient({ url: new URL(`http://127.0.0.1:${port}/hang`), token: 'x', timeoutMs: 50 });
  await assert.rejects(hanging.ask(Type.Object({}), 'GET', 'connections'), (error: unknown) => {
    assert.ok(error instanceof CommandError);
    assert.match(error.message, /Cannot reach the API of the gateway at .*: no response within 0\.05 s/);
    return true;
  });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  const gone = await list(`http://127.0.0.1:${await unusedPort()}`);
  assert.match(
    gone.stderr,
    /Cannot reach .* at http:\/\/127\.0\.0\.1:\d+\/: ECONNREFUSED\.\nCheck that the gateway is running/,
  );
  for (const url of ['ftp://127.0.0.1', 'localhost:8080', 'http://user:secret@127.0.0.1', 'nonsense']) {
    const { stderr, exitCode } = await list(url);
    assert.equal(exitCode, 64, url);
    assert.match(stderr, /PENSTOCK_URL is not a valid URL of an API/);
    assert.equal(stderr.includes('secret'), false);
    assert.equal(stderr.includes('begins with neither http:// nor https://'), !url.includes('://'), stderr);
  }
});

test('servers that are not the API are reported without internal codes', async () => {
  await using _leaks = expectNoLeaks();
  const cases: [url: (port: number) => string, answer: string | undefined, message: RegExp][] = [
    [(port) => `http://127.0.0.1:${port}`, undefined, /does not speak HTTP\.\nIt may be the tunnel port/],
    [(port) => `http://127.0.0.1:${port}`, 'SSH-2.0-x\r\n', /does not speak HTTP\.\nIt may be the tunnel/],
    [(port) => `https://127.0.0.1:${port}`, 'HTTP/1.1 400\r\n\r\n', /does not speak TLS\.\nUse http:/],
  ];
  for (const [url, answer, message] of cases) {
    await using server = await LoopbackServer.start((socket) => {
      socket.once('data', () => (answer === undefined ? socket.destroy() : socket.end(answer)));
    });
    const { stderr } = await runCli(['agent', 'list'], {
      PENSTOCK_URL: url(server.address.port),
      PENSTOCK_TOKEN: 'pst_admin_x',
    });
    assert.match(stderr, message);
  }
});

test('sending the token to another host in plaintext causes a warning', async () => {
  // 192.0.2.0/24 is reserved for documentation (RFC 5737), and connecting to port 0 fails immediately.
  const { stderr } = await runCli(['agent', 'list'], {
    PENSTOCK_URL: 'http://192.0.2.1:0',
    PENSTOCK_TOKEN: 'pst_admin_x',
  });
  assert.match(stderr, /^warning: the admin token is sent to 192\.0\.2\.1:0 in plaintext/);
});

test('invalid arguments are reported without a request', async () => {
  const cases: [string[], RegExp][] = [
    [['token', 'create'], /required option '--pool <pool>'/],
    [['token', 'create', '--pool', 'dc1', '--uses', '0'], /integer from 1 to 10000/],
    [['token', 'create', '--pool', 'dc1', '--uses', '99999999999'], /integer from 1 to 10000/],
    [['token', 'create', '--pool', 'dc 1'], /name of a pool/],
    [['token', 'create', '--pool', 'dc1', '--ttl', '10000d'], /at most 365d/],
    [['token', 'create', '--pool', 'dc1', '--name-pattern', '[a]'], /letters, digits/],
    [['token', 'create', '--pool', 'dc1', '--source', '10.0.0.1/8'], /CIDR range/],
    [['token', 'create', '--pool', 'dc1', '--source', '10.0.0.0/8', 'fd00::1/8'], /CIDR range/],
    [['token', 'create', '--pool', 'dc1', '--ttl', '90'], /integer with a unit/],
    [['token', 'create', '--pool', 'dc1', '--ttl', '0s'], /integer with a unit/],
    [['token', 'list', '--output', 'xml'], /Allowed choices are text, json/],
    [['token', 'revoke'], /missing required argument 'id'/],
    [['tokn'], /There is no command tokn/],
  ];
  for (const [argv, words] of cases) {
    const { stderr, exitCode } = await runCli(argv);
    assert.equal(exitCode, 64, argv.join(' '));
    assert.match(stderr, words);
  }
});

test('a token that is not one word is refused, with the character that is too much', async () => {
  const cases = [
    ['pst_admin_a\nb', /U\+000A \(line feed\) at position 12 of 13/],
    ['"pst_admin_a"', /U\+0022 \(quotation mark\) at position 1 of 13/],
    ['pst_admin_a b', /U\+0020 \(space\) at position 12/],
    ['pst_admin_\u{200b}a', /U\+200B \(zero-width space\) at position 11/],
    ['\u{201c}pst_admin_a\u{201d}', /U\+201C \(left double quotation mark\) at position 1 /],
  ] as const;
  for (const [token, words] of cases) {
    const { stderr, exitCode } = await runCli(['agent', 'list'], { PENSTOCK_TOKEN: token });
    assert.equal(exitCode, 64);
    assert.match(stderr, words);
    assert.ok(!stderr.includes('pst_admin'), stderr);
  }
});
