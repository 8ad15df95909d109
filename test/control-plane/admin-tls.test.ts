import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { parseGatewayConfig } from '@penstock/config-schema';
import { initialize, startGateway } from '@penstock/gateway';
import { TestAuthority, type TestCertificate } from '../rig/certificates.ts';
import { deadline } from '../rig/deadline.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { temporaryDirectory } from '../rig/temporary-directory.ts';

const MAIN = join(import.meta.dirname, '../../gateway/src/main.ts');

type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** Runs the command line as a process, because trusted CAs are set for the whole process. */
function cli(environment: Readonly<Record<string, string>>): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [MAIN, 'admin-token', 'list'],
      { env: { PATH: process.env['PATH'], ...environment } },
      (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}

/** The common name of the certificate on a port. */
function shownAt(port: number, ca: string): Promise<string | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  const socket = connect({ host: '127.0.0.1', port, ca }, () => {
    const name = socket.getPeerCertificate().subject.CN;
    resolve(typeof name === 'string' ? name : name?.[0]);
    socket.destroy();
  });
  socket.on('error', reject);
  return deadline('the handshake', promise);
}

async function gatewayWith(directory: string, certificate: TestCertificate | undefined, host = '127.0.0.1') {
  const parsed = (shown: TestCertificate | undefined) => {
    const file = {
      apiVersion: 'penstock/v1',
      kind: 'Gateway',
      version: 1,
      organization: 'acme',
      listen: { tunnel: '127.0.0.1:0', admin: `${host}:0` },
      dataDirectory: join(directory, 'gateway'),
      pools: [{ name: 'dc1' }],
      ...(shown && { adminTls: { certificate: '${env:CERTIFICATE}', key: '${env:KEY}' } }),
    };
    const environment = { CERTIFICATE: shown?.chain ?? '', KEY: shown?.key ?? '' };
    const result = parseGatewayConfig(JSON.stringify(file), { environment, readFile: () => '', directory });
    assert.ok(result.ok, JSON.stringify(result));
    return result.config;
  };
  const config = parsed(certificate);
  const { adminToken } = await initialize({ config, hosts: [], newAdminToken: false, now: Date.now() });
  const events: string[] = [];
  const gateway = await startGateway({ config, log: (event) => events.push(event) });
  return {
    events,
    port: gateway.admin.port,
    token: adminToken?.token ?? '',
    reload: (shown: TestCertificate) => gateway.apply(parsed(shown)),
    [Symbol.asyncDispose]: () => gateway.stop(),
  };
}

test('the API uses TLS, a reload replaces its certificate, and the command line trusts the CA in PENSTOCK_CA', async () => {
  await using _leaks = expectNoLeaks();
  await using directory = await temporaryDirectory();
  const authority = await TestAuthority.create('Admin CA');
  await using gateway = await gatewayWith(directory.path, await authority.issue({ commonName: 'first' }));
  const ca = join(directory.path, 'ca.pem');
  await writeFile(ca, `# the CA\n${authority.certificate}\n`);
  const url = `https://127.0.0.1:${gateway.port}`;
  const environment = { PENSTOCK_URL: url, PENSTOCK_TOKEN: gateway.token };

  // With the line break that an environment file may leave.
  const trusted = await cli({ ...environment, PENSTOCK_CA: `${ca}\n` });
  assert.deepEqual([trusted.code, trusted.stderr], [0, '']);
  assert.match(trusted.stdout, /admin\s.*usable/);
  const stranger = await cli(environment);
  assert.equal(stranger.code, 1);
  assert.match(stranger.stderr, /is not signed by a trusted CA.*\n.*PENSTOCK_CA/);
  const clear = await cli({ ...environment, PENSTOCK_URL: url.replace('https', 'http') });
  assert.match(clear.stderr, /does not speak HTTP.*\n.*https:\/\/ if gateway\.yaml has adminTls/);

  assert.equal(await shownAt(gateway.port, authority.certificate), 'first');
  await gateway.reload(await authority.issue({ commonName: 'second' }));
  assert.equal(await shownAt(gateway.port, authority.certificate), 'second');
  assert.equal(gateway.events.includes('admin-plaintext'), false);
});

test('an invalid file in PENSTOCK_CA is reported', async () => {
  const environment = { PENSTOCK_URL: 'https://127.0.0.1:1', PENSTOCK_TOKEN: 'x' };
  const missing = await cli({ ...environment, PENSTOCK_CA: '/nowhere/ca.pem' });
  assert.equal(missing.code, 64);
  assert.match(missing.stderr, /PENSTOCK_CA: \/nowhere\/ca\.pem cannot be read/);
  const wrong = await cli({ ...environment, PENSTOCK_CA: import.meta.filename });
  assert.match(wrong.stderr, /contains no certificate/);
});

test('a plaintext admin address that other hosts can reach causes a warning', async () => {
  await using _leaks = expectNoLeaks();
  await using directory = await temporaryDirectory();
  {
    await using open = await gatewayWith(directory.path, undefined, '0.0.0.0');
    assert.ok(open.events.includes('admin-plaintext'));
  }
  await using here = await gatewayWith(directory.path, undefined);
  assert.equal(here.events.includes('admin-plaintext'), false);
});
