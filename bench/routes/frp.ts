import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unusedPort } from '../../test/rig/unused-port.ts';
import { startProgram } from '../process/child.ts';
import { accepts } from './accepts.ts';
import { namedProgram, versionNumberOf } from './named-program.ts';
import { processOf } from './program.ts';
import type { Route } from './route.ts';

const SERVER = 'PENSTOCK_BENCH_FRPS';
const CLIENT = 'PENSTOCK_BENCH_FRPC';
const TOKEN = 'bench-only';

/** github.com/fatedier/frp with its defaults: TLS between frpc and frps, one multiplexed connection for all clients. */
export const frp: Route = {
  name: 'frp',
  async describe() {
    const server = await namedProgram(SERVER);
    if (server === undefined || (await namedProgram(CLIENT)) === undefined) return undefined;
    return `frp ${await versionNumberOf(server, '--version')}, tcp proxy, TLS, tcpMux`;
  },
  async start(target, places, scratch) {
    const control = { host: places.gateway.host, port: await unusedPort() };
    const address = { host: places.gateway.host, port: await unusedPort() };
    const frps = join(scratch, 'frps.toml');
    await writeFile(frps, serverSettings(control.host, control.port));
    const server = await startProgram((await namedProgram(SERVER)) ?? '', ['-c', frps], places.gateway);
    await accepts(control, places.gateway, server);
    const { host, port } = (await places.throughLink?.(control)) ?? control;
    const frpc = join(scratch, 'frpc.toml');
    const lines = [
      `serverAddr = "${host}"`,
      `serverPort = ${port}`,
      `auth.token = "${TOKEN}"`,
      '[[proxies]]',
      'name = "bench"',
      'type = "tcp"',
      `localIP = "${target.host}"`,
      `localPort = ${target.port}`,
      `remotePort = ${address.port}`,
    ];
    await writeFile(frpc, `${lines.join('\n')}\n`);
    const client = await startProgram((await namedProgram(CLIENT)) ?? '', ['-c', frpc], places.agent);
    await accepts(address, places.gateway, client);
    return {
      name: 'frp',
      address,
      processes: [processOf('gateway', server), processOf('agent', client)],
      async stop() {
        await client.stop();
        await server.stop();
      },
    };
  },
};

const serverSettings = (host: string, port: number) =>
  [
    `bindAddr = "${host}"`,
    `proxyBindAddr = "${host}"`,
    `bindPort = ${port}`,
    `auth.token = "${TOKEN}"`,
    '',
  ].join('\n');
