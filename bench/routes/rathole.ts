import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { unusedPort } from '../../test/rig/unused-port.ts';
import { startProgram } from '../process/child.ts';
import { accepts } from './accepts.ts';
import { namedProgram, versionNumberOf } from './named-program.ts';
import { processOf } from './program.ts';
import type { Route } from './route.ts';

const run = promisify(execFile);
const VARIABLE = 'PENSTOCK_BENCH_RATHOLE';

/** github.com/rathole-org/rathole with the Noise protocol between both ends: a connection for each client, kept ready. */
export const rathole: Route = {
  name: 'rathole',
  async describe() {
    const program = await namedProgram(VARIABLE);
    return program && `rathole ${await versionNumberOf(program, '--version')}, Noise`;
  },
  async start(target, places, scratch) {
    const program = (await namedProgram(VARIABLE)) ?? '';
    const { privateKey, publicKey } = await keys(program);
    const control = { host: places.gateway.host, port: await unusedPort() };
    const address = { host: places.gateway.host, port: await unusedPort() };
    const start = async (role: 'server' | 'client', place: typeof places.agent, lines: readonly string[]) => {
      const file = join(scratch, `${role}.toml`);
      await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 });
      return startProgram(program, [`--${role}`, file], place);
    };
    const server = await start('server', places.gateway, [
      '[server]',
      `bind_addr = "${control.host}:${control.port}"`,
      'default_token = "bench-only"',
      '[server.transport]',
      'type = "noise"',
      '[server.transport.noise]',
      `local_private_key = "${privateKey}"`,
      '[server.services.bench]',
      `bind_addr = "${address.host}:${address.port}"`,
    ]);
    await accepts(control, places.gateway, server);
    const { host, port } = (await places.throughLink?.(control)) ?? control;
    const client = await start('client', places.agent, [
      '[client]',
      `remote_addr = "${host}:${port}"`,
      'default_token = "bench-only"',
      '[client.transport]',
      'type = "noise"',
      '[client.transport.noise]',
      `remote_public_key = "${publicKey}"`,
      '[client.services.bench]',
      `local_addr = "${target.host}:${target.port}"`,
    ]);
    await accepts(address, places.gateway, client);
    return {
      name: 'rathole',
      address,
      processes: [processOf('gateway', server), processOf('agent', client)],
      async stop() {
        await client.stop();
        await server.stop();
      },
    };
  },
};

async function keys(program: string): Promise<{ readonly privateKey: string; readonly publicKey: string }> {
  const { stdout } = await run(program, ['--genkey']);
  const [privateKey, publicKey] = [...stdout.matchAll(/^([A-Za-z0-9+/]{43}=)$/gm)].map(([key]) => key);
  if (privateKey === undefined || publicKey === undefined) {
    throw new Error(`rathole --genkey printed no pair of keys: ${stdout}`);
  }
  return { privateKey, publicKey };
}
