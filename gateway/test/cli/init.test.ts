import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { idOfToken, openAuthority, tokenMatches } from '@penstock/control-plane';
import { openStore } from '@penstock/store';
import { certificatePin, TestAuthority } from '../../../test/rig/certificates.ts';
import { expectNoLeaks } from '../../../test/rig/leaks.ts';
import { runCli } from '../../../test/rig/run-cli.ts';
import { temporaryDirectory } from '../../../test/rig/temporary-directory.ts';

const BIN = join(import.meta.dirname, '../../bin/penstock-gateway.js');

type Init = {
  dataDirectory: string;
  authority: string;
  serverCertificate: string;
  pins: string[];
  adminToken: { id: string; token: string } | null;
  agentYaml: string;
};

/** A folder with a gateway.yaml. */
async function folder(more = '') {
  const directory = await temporaryDirectory();
  const file = join(directory.path, 'gateway.yaml');
  const text = [
    'apiVersion: penstock/v1',
    'kind: Gateway',
    'version: 1',
    'organization: acme',
    'listen: {tunnel: 0.0.0.0:8443, admin: 127.0.0.1:8080}',
    `dataDirectory: ${join(directory.path, 'data')}`,
    'pools: [{name: dc1}]',
    'connections:',
    '  - {name: orders, connector: orders-db, pools: [dc1], ingress: [{tcp: 127.0.0.1:15432, allow: [127.0.0.0/8]}]}',
    more,
  ];
  await writeFile(file, text.join('\n'));
  const data = join(directory.path, 'data');
  const init = (...argv: string[]) => runCli(['init', '--config', file, ...argv]);
  const initJson = async (...argv: string[]) => {
    const { stdout, stderr, exitCode } = await init('--output', 'json', ...argv);
    assert.equal(exitCode, 0, stderr + stdout);
    return JSON.parse(stdout) as Init;
  };
  return { file, data, init, initJson, [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose]() };
}

test('init creates what a gateway needs, and changes nothing when it runs again', async () => {
  await using _leaks = expectNoLeaks();
  await using at = await folder();
  const first = await at.initJson('--host', 'gateway.example.com', '--host', '192.0.2.7');
  assert.deepEqual([first.authority, first.serverCertificate], ['created', 'created']);
  assert.equal((await stat(at.data)).mode & 0o777, 0o700);
  const names = [
    'agent-ca.crt',
    'agent-ca.key',
    'server-backup.key',
    'server.crt',
    'server.key',
    'store.sqlite',
  ];
  assert.deepEqual((await readdir(at.data)).sort(), names);
  const certificate = await readFile(join(at.data, 'server.crt'), 'utf8');
  assert.equal(first.pins[0], certificatePin(certificate));
  assert.equal(new X509Certificate(certificate).checkHost('gateway.example.com'), 'gateway.example.com');
  assert.equal(new X509Certificate(certificate).checkIP('192.0.2.7'), '192.0.2.7');
  assert.match(
    (await openAuthority({ agentCa: undefined, dataDirectory: at.data })).caPem,
    /BEGIN CERTIFICATE/,
  );

  const before = await Promise.all(names.slice(0, 5).map((name) => readFile(join(at.data, name), 'utf8')));
  const second = await at.initJson();
  assert.deepEqual(
    [second.authority, second.serverCertificate, second.adminToken],
    ['unchanged', 'unchanged', null],
  );
  assert.deepEqual(second.pins, first.pins);
  const after = await Promise.all(names.slice(0, 5).map((name) => readFile(join(at.data, name), 'utf8')));
  assert.deepEqual(after, before);
});

test('the first admin token works, and --new-admin-token creates another', async () => {
  await using at = await folder();
  const created = [(await at.initJson()).adminToken, (await at.initJson('--new-admin-token')).adminToken];
  const store = await openStore(at.data);
  for (const each of created) {
    assert.ok(each);
    const row = await store.adminTokens.byId(idOfToken('admin', each.token) ?? '');
    assert.equal(row?.role, 'admin');
    assert.equal(tokenMatches(each.token, row?.hash ?? ''), true);
  }
  assert.equal((await store.adminTokens.list()).length, 2);
  assert.deepEqual(
    (await store.audit.list({ limit: 5 })).map(({ actor, action }) => `${actor} ${action}`),
    ['host admin-token.create', 'host admin-token.create'],
  );
  await store.close();
});

test('the snippet for agent.yaml has the address, the pins, and trust: pins', async () => {
  await using at = await folder();
  const { agentYaml, pins } = await at.initJson('--host', 'gateway.example.com');
  assert.equal(
    agentYaml,
    'gateway:\n  url: https://gateway.example.com:8443\n  trust: pins\n  pins:\n' +
      `    - ${pins[0]}  # in use\n    - ${pins[1]}  # backup: the key of the next certificate\n`,
  );
  assert.match((await at.initJson()).agentYaml, /url: https:\/\/gateway\.example\.com:8443/);
  assert.match((await at.initJson('--host', '2001:db8::1')).agentYaml, /url: https:\/\/\[2001:db8::1\]:8443/);
});

test('without --host, the snippet has a placeholder for the host', async () => {
  await using at = await folder();
  assert.match((await at.initJson()).agentYaml, /url: https:\/\/GATEWAY-HOST:8443/);
});

test('the text report lists what was created, what was left unchanged, and what to do next', async () => {
  await using at = await folder();
  const first = await at.init('--host', 'gateway.example.com');
  assert.equal(first.stderr, '');
  const token = /pst_admin_\S+/.exec(first.stdout)?.[0] ?? '';
  for (const words of [
    'created',
    token,
    'not shown again',
    '- sha256/',
    'penstock-gateway run --config',
    'token create',
  ]) {
    assert.ok(first.stdout.includes(words), words);
  }
  await rm(join(at.data, 'server.crt'));
  const second = await at.init('--host', 'gateway.example.com');
  assert.match(second.stdout, /Agent CA\s+exists; left unchanged/);
  assert.match(second.stdout, /Server certificate\s+repaired/);
  assert.equal(second.stdout.includes(token), false);
  const third = await at.init('--host', 'other.example.com');
  assert.match(third.stderr, /warning: the server certificate already exists/);
});

test('init does not create a store next to an existing CA unless --new-store accepts the loss of revocations', async () => {
  await using at = await folder();
  await at.initJson();
  const store = join(at.data, 'store.sqlite');
  const refusals: readonly [() => Promise<void>, RegExp][] = [
    [() => truncate(store, 0), /store\.sqlite is empty \(0 bytes\)/],
    [() => rm(store), /has an agent CA, but its store \S+store\.sqlite is missing/],
  ];
  for (const [lose, message] of refusals) {
    await lose();
    const { exitCode, stderr } = await at.init();
    assert.equal(exitCode, 1);
    assert.match(stderr, message);
    assert.match(stderr, /Restore\s+the\s+data\s+directory\s+from\s+a\s+backup/);
    assert.match(stderr, /init\s+--new-store/);
  }
  assert.notEqual((await at.initJson('--new-store')).adminToken, null);
  assert.equal((await at.initJson()).adminToken, null);
});

test('init that was interrupted before the CA continues, also with an empty store', async () => {
  await using at = await folder();
  await mkdir(at.data, { mode: 0o700 });
  await writeFile(join(at.data, 'store.sqlite'), '');
  assert.notEqual((await at.initJson()).adminToken, null);
});

test('init warns of a backup key that cannot be used, and leaves it', async () => {
  await using at = await folder();
  const { pins } = await at.initJson();
  const backup = join(at.data, 'server-backup.key');
  await truncate(backup, 50);
  const { exitCode, stderr } = await at.init();
  assert.equal(exitCode, 0);
  assert.match(stderr, /warning: \S+server-backup\.key is truncated/);
  assert.deepEqual((await at.initJson()).pins, pins.slice(0, 1));
  assert.equal((await stat(backup)).size, 50);
});

test('a configured certificate is used, and its pin is printed', async () => {
  const authority = await TestAuthority.create('Corporate CA');
  const leaf = await authority.issue({ commonName: 'gateway', names: ['gateway.example.com'] });
  await using at = await folder('tunnelTls: {certificate: "${file:tls.crt}", key: "${file:tls.key}"}');
  const beside = (name: string) => join(at.file, '..', name);
  await writeFile(beside('tls.crt'), leaf.chain);
  await writeFile(beside('tls.key'), leaf.key);
  const { serverCertificate, pins, agentYaml } = await at.initJson('--host', 'gateway.example.com');
  assert.equal(serverCertificate, 'configured');
  assert.deepEqual(pins, [leaf.pin]);
  assert.match(agentYaml, /trust: system\n {2}pins:\n {4}- sha256\/\S+\n$/);
  assert.equal((await readdir(at.data)).includes('server.crt'), false);
});

test('init reports an invalid configuration, an unsupported store and a damaged data directory', async () => {
  await using at = await folder('poolz: []');
  const invalid = await at.init();
  assert.equal(invalid.exitCode, 1);
  assert.match(invalid.stderr, /gateway\.yaml:10:1 .*poolz/);
  const json = await at.init('--output', 'json');
  assert.equal((JSON.parse(json.stdout) as { valid: boolean }).valid, false);

  await using other = await folder('store: {url: "${env:STORE_URL}"}');
  const environment = { STORE_URL: 'mysql://store.internal/penstock' };
  const refused = await runCli(['init', '--config', other.file], environment);
  assert.equal(refused.exitCode, 1);
  assert.match(refused.stderr, /INVALID_URL [^\n]*must be the URL of a PostgreSQL database/);

  await using damaged = await folder();
  await damaged.initJson();
  await rm(join(damaged.data, 'agent-ca.key'));
  const failed = await damaged.init();
  assert.equal(failed.exitCode, 1);
  assert.match(failed.stderr, /^error: .*agent-ca\.key is missing\. .*restore the data directory/);
});

test('init warns about a data directory that other users can read', {
  skip: process.platform === 'win32' && 'Windows has no file modes',
}, async () => {
  await using at = await folder();
  await mkdir(at.data);
  await chmod(at.data, 0o755);
  const { stderr, exitCode } = await at.init();
  assert.equal(exitCode, 0);
  assert.match(stderr, /warning: other users can read .*Run chmod 700/);
});

test('an invalid --host is refused before anything is created', async () => {
  await using at = await folder();
  for (const host of ['https://gateway.example.com', 'gateway:8443', '', '-x.example.com', 'a b']) {
    const { exitCode, stderr } = await at.init('--host', host);
    assert.equal(exitCode, 64, host);
    assert.match(stderr, /host name or an IP address|argument missing/);
  }
  await assert.rejects(stat(at.data));
});

test('the installed program starts', async () => {
  await using at = await folder();
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [BIN, 'init', '--config', at.file, '--output', 'json']);
  assert.match((JSON.parse(stdout) as Init).adminToken?.token ?? '', /^pst_admin_/);
  const version = await run(process.execPath, [BIN, '--version']);
  assert.match(version.stdout, /^\d+\.\d+\.\d+/);
});

test('init prints the first admin token once, in one place, and keeps only its hash', async () => {
  await using _leaks = expectNoLeaks();
  await using at = await folder();
  const first = await at.init('--host', 'gateway.example.com');
  const [token = '', ...again] = `${first.stdout}${first.stderr}`.match(/pst_admin_[0-9a-z]+_[\w-]+/g) ?? [];
  assert.ok(token.length > 50, first.stdout);
  assert.deepEqual(again, [], 'it is printed once');
  const secret = token.split('_').slice(3).join('_');
  for (const name of await readdir(at.data)) {
    const content = await readFile(join(at.data, name));
    assert.ok(!content.includes(secret), `${name} has the token`);
  }
  const second = await at.init('--host', 'gateway.example.com');
  assert.ok(!`${second.stdout}${second.stderr}`.includes(secret));
  assert.match(second.stdout, /exists and is not shown again/);
});
