import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { type GatewayConfig, parseGatewayConfig, Secret } from '@penstock/config-schema';
import { initialize, startGateway } from '@penstock/gateway';
import { TestAuthority, type TestCertificate } from '../../../test/rig/certificates.ts';
import { deadline } from '../../../test/rig/deadline.ts';
import { expectNoLeaks } from '../../../test/rig/leaks.ts';
import { temporaryDirectory } from '../../../test/rig/temporary-directory.ts';

type Shown = {
  readonly tunnel: TestCertificate;
  readonly admin: TestCertificate;
  readonly ingress: TestCertificate;
  readonly connections: readonly string[];
};

/** A configuration with a certificate for each listener, and one TCP ingress and one SNI ingress per connection. */
function configWith(directory: string, { tunnel, admin, ingress, connections }: Shown): GatewayConfig {
  const file = {
    apiVersion: 'penstock/v1',
    kind: 'Gateway',
    version: 1,
    organization: 'acme',
    listen: { tunnel: '127.0.0.1:0', admin: '127.0.0.1:0' },
    dataDirectory: join(directory, 'gateway'),
    tunnelTls: { certificate: tunnel.chain, key: '${env:TUNNEL_KEY}' },
    adminTls: { certificate: admin.chain, key: '${env:ADMIN_KEY}' },
    ingressTls: { certificate: ingress.chain, key: '${env:INGRESS_KEY}' },
    pools: [{ name: 'dc1' }],
    connections: connections.map((name) => ({
      name,
      connector: name,
      pools: ['dc1'],
      ingress: [{ tcp: '127.0.0.1:0', allow: ['127.0.0.0/8'] }],
    })),
  };
  const environment = { TUNNEL_KEY: tunnel.key, ADMIN_KEY: admin.key, INGRESS_KEY: ingress.key };
  const result = parseGatewayConfig(JSON.stringify(file), { environment, readFile: () => '', directory });
  assert.ok(result.ok, JSON.stringify(result));
  return result.config;
}

/** The common name of the certificate that a port presents. */
function presentedAt(port: number, ca: string): Promise<string | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  const options = { host: '127.0.0.1', port, ca, ALPNProtocols: ['h2', 'http/1.1'] };
  const socket = connect(options, () => {
    resolve(String(socket.getPeerCertificate().subject.CN));
    socket.destroy();
  });
  socket.on('error', reject);
  return deadline('the handshake', promise, 10_000);
}

test('a reload with an unusable ingress certificate changes nothing', async () => {
  await using _leaks = expectNoLeaks();
  await using directory = await temporaryDirectory();
  const authority = await TestAuthority.create('Company CA');
  const issue = (commonName: string) => authority.issue({ commonName });
  const [first, second] = [await issue('first'), await issue('second')];
  const before = { tunnel: first, admin: first, ingress: first, connections: ['orders'] };
  const config = configWith(directory.path, before);
  await initialize({ config, hosts: [], newAdminToken: false, now: Date.now() });
  const events: string[] = [];
  const gateway = await startGateway({ config, log: (event) => events.push(event) });
  await using _gateway = { [Symbol.asyncDispose]: () => gateway.stop() };
  const presented = () =>
    Promise.all([gateway.admin, gateway.tunnel].map(({ port }) => presentedAt(port, authority.certificate)));
  const ingress = gateway.ingressOf('orders');

  const next = configWith(directory.path, {
    tunnel: second,
    admin: second,
    ingress: second,
    connections: ['reports'],
  });
  // The loader accepts pairs that OpenSSL refuses, RSA of 1,024 bits for example. A foreign key is refused likewise.
  const ingressTls = { ...next.ingressTls, certificate: second.chain, key: new Secret(first.key) };
  events.length = 0;
  const refused = { ...next, ingressTls } as GatewayConfig;
  await assert.rejects(gateway.apply(refused), /ingressTls cannot be used for TLS/);
  assert.deepEqual(await presented(), ['first', 'first']);
  assert.deepEqual(gateway.ingressOf('orders'), ingress);
  assert.deepEqual(gateway.ingressOf('reports'), []);
  assert.deepEqual(events, []);

  await gateway.apply(next);
  assert.deepEqual(await presented(), ['second', 'second']);
  assert.deepEqual(gateway.ingressOf('orders'), []);
  assert.equal(gateway.ingressOf('reports').length, 1);
});
