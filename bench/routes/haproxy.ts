import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unusedPort } from '../../test/rig/unused-port.ts';
import { type Child, type Place, startProgram } from '../process/child.ts';
import { accepts } from './accepts.ts';
import { makeCertificate } from './certificate.ts';
import { CERTIFICATE_NAME, TLS_CIPHER } from './cipher.ts';
import { processOf, versionOf } from './program.ts';
import type { Address, Route } from './route.ts';

/**
 * Two haproxy processes in TCP mode with TLS 1.3 between them. Each has one thread, so the route has two busy threads
 * like every other route, and does not compete with the load generator on two cores.
 */
export const haproxy: Route = {
  name: 'haproxy',
  async describe() {
    const version = /version (\S+)/i.exec((await versionOf('haproxy', '-v')) ?? '')?.[1];
    return version && `haproxy ${version}, one thread each, ${TLS_CIPHER}, its own TLS session reuse`;
  },
  async start(target, places, scratch) {
    const { certificate, key } = await makeCertificate();
    const pem = join(scratch, 'haproxy.pem');
    await writeFile(pem, certificate + key, { mode: 0o600 });
    const inner = { host: places.agent.host, port: await unusedPort() };
    const address = { host: places.gateway.host, port: await unusedPort() };
    const server = `ssl verify required ca-file ${pem} sni str(${CERTIFICATE_NAME})`;
    const agent = await startOne(
      places.agent,
      join(scratch, 'agent.cfg'),
      inner,
      `ssl crt ${pem}`,
      target,
      '',
    );
    const gateway = await startOne(
      places.gateway,
      join(scratch, 'gateway.cfg'),
      address,
      '',
      (await places.throughLink?.(inner)) ?? inner,
      server,
    );
    return {
      name: 'haproxy',
      address,
      processes: [processOf('gateway', gateway), processOf('agent', agent)],
      async stop() {
        await gateway.stop();
        await agent.stop();
      },
    };
  },
};

async function startOne(
  place: Place,
  file: string,
  listen: Address,
  listenOptions: string,
  server: Address,
  serverOptions: string,
): Promise<Child> {
  const lines = [
    'global',
    '  nbthread 1',
    '  maxconn 8192',
    `  ssl-default-bind-ciphersuites ${TLS_CIPHER}`,
    `  ssl-default-server-ciphersuites ${TLS_CIPHER}`,
    '  ssl-default-bind-options ssl-min-ver TLSv1.3',
    '  ssl-default-server-options ssl-min-ver TLSv1.3',
    'defaults',
    '  mode tcp',
    '  timeout connect 10s',
    '  timeout client 30m',
    '  timeout server 30m',
    'listen route',
    `  bind ${listen.host}:${listen.port} ${listenOptions}`,
    `  server next ${server.host}:${server.port} ${serverOptions}`,
    '',
  ];
  await writeFile(file, lines.join('\n'));
  await chmod(file, 0o600);
  const child = await startProgram('haproxy', ['-db', '-f', file], place);
  await accepts(listen, place, child);
  return child;
}
