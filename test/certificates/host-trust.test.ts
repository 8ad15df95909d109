import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createServer } from 'node:tls';
import { agentFile, gatewayFile, makeSite, portOf, runCommand } from '../processes/programs.ts';
import { startTlsFront } from '../proxies/tls-front.ts';
import { TestAuthority, type TestCertificate } from '../rig/certificates.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { listenOnLoopback, ServerSockets } from '../rig/server-sockets.ts';
import { webhookReceiver } from '../rig/webhook-receiver.ts';

type Step = { readonly step: string; readonly verdict: string; readonly message: string };

/** Completes TLS handshakes as a gateway does, and nothing else. */
async function startTlsServer({ chain, key }: TestCertificate) {
  const sockets = new ServerSockets();
  const options = { cert: chain, key, minVersion: 'TLSv1.3', ALPNProtocols: ['h2'] } as const;
  const server = createServer(options, (socket) => sockets.adopt(socket.resume()));
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  const { port } = await listenOnLoopback(server);
  return { port, [Symbol.asyncDispose]: () => sockets.endWith(server) };
}

test("the CAs of this host's trust store are trusted by both programs", async (t) => {
  await using _leaks = expectNoLeaks();
  const company = await TestAuthority.create('Company CA');
  const leaf = await company.issue({ commonName: 'gateway' });
  await using server = await startTlsServer(leaf);
  await using web = await webhookReceiver();
  await using front = await startTlsFront(leaf, { host: '127.0.0.1', port: Number(new URL(web.url).port) });
  await using site = await makeSite();
  const gateway = {
    url: `https://127.0.0.1:${server.port}`,
    pins: [leaf.pin],
    trust: 'system',
    proxy: 'none',
  };
  const facts = { tunnelPort: server.port, pin: leaf.pin, targets: {} };
  const connectors = [
    {
      name: 'web',
      kind: 'http',
      address: `127.0.0.1:${new URL(front.url).port}`,
      tls: { mode: 'verify-full' },
    },
  ];
  const file = await site.write('agent.yaml', agentFile(facts, { gateway, connectors }));
  const list = site.path('trusted.pem');
  const directory = site.path('trusted');
  await writeFile(list, '');
  await mkdir(directory);

  await t.test('a running agent takes a CA of the host into account on SIGHUP', async () => {
    const agent = await site.start('agent', 'agent.yaml', {
      TOKEN: 'pst_enroll_00000000000000000000_secret',
      SSL_CERT_FILE: list,
    });
    await agent.json({ event: 'enrollment-failed', code: 'GATEWAY_CERTIFICATE_INVALID' }, 60_000);
    // An invalid certificate in the list does not spoil the others.
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    await writeFile(list, `${broken}${company.certificate.replaceAll('\n', '\r\n')}`);
    agent.signal('SIGHUP');
    await agent.json({ event: 'config-loaded' }, 60_000);
    // This server is no gateway: what follows the TLS handshake fails.
    const isTrusted = ({ event, code }: Readonly<Record<string, unknown>>) =>
      event === 'enrollment-failed' && code !== 'GATEWAY_CERTIFICATE_INVALID';
    await agent.line('trusted gateway', ({ json }) => json !== undefined && isTrusted(json), 60_000);
    await agent.stop('SIGKILL');
  });

  await t.test('the doctor trusts gateway and target by SSL_CERT_DIR', async () => {
    const diagnose = async (environment: Readonly<Record<string, string>>) => {
      const { stdout } = await runCommand('agent', ['doctor', '--config', file, '--output', 'json'], {
        TOKEN: 'pst_enroll_00000000000000000000_secret',
        ...environment,
      });
      const { steps } = JSON.parse(stdout) as { steps: Step[] };
      return ['tls', 'connector web'].map((name) => steps.find(({ step }) => step === name));
    };
    const SSL_CERT_DIR = `${site.path('nowhere')}:${directory}`;
    const before = await diagnose({ SSL_CERT_DIR });
    assert.deepEqual(
      before.map((step) => step?.verdict),
      ['failed', 'failed'],
    );
    await writeFile(join(directory, 'company.pem'), company.certificate);
    const after = await diagnose({ SSL_CERT_DIR });
    assert.deepEqual(
      after.map((step) => step?.verdict),
      ['ok', 'ok'],
      JSON.stringify(after),
    );
  });

  await t.test('the gateway posts to receivers that the host trusts', async () => {
    const receivers = [{ name: 'ops', webhook: '${env:OPS}' }];
    const yaml = await site.write('gateway.yaml', gatewayFile({ receivers }));
    const environment = { OPS: front.url, SSL_CERT_FILE: list };
    const init = await runCommand('gateway', ['init', '--config', yaml, '--output', 'json'], environment);
    const { adminToken } = JSON.parse(init.stdout) as { adminToken: { token: string } };
    const running = await site.start('gateway', 'gateway.yaml', environment);
    const admin = portOf(await running.json({ event: 'admin-listening' }, 60_000));
    const api = { PENSTOCK_URL: `http://127.0.0.1:${admin}`, PENSTOCK_TOKEN: adminToken.token };
    const { code, stderr } = await runCommand('gateway', ['receiver', 'test', 'ops'], api);
    assert.equal(code, 0, stderr);
  });
});
