import { unusedPort } from '../../test/rig/unused-port.ts';
import { startProgram } from '../process/child.ts';
import { accepts } from './accepts.ts';
import { namedProgram, versionNumberOf } from './named-program.ts';
import { processOf } from './program.ts';
import type { Route } from './route.ts';

const VARIABLE = 'PENSTOCK_BENCH_CHISEL';
const LOGIN = 'bench:bench-only';

/** github.com/jpillora/chisel with a reverse remote: SSH channels in one WebSocket for all clients. */
export const chisel: Route = {
  name: 'chisel',
  async describe() {
    const program = await namedProgram(VARIABLE);
    return program && `chisel ${await versionNumberOf(program, '--version')}, reverse, SSH in a WebSocket`;
  },
  async start(target, places) {
    const program = (await namedProgram(VARIABLE)) ?? '';
    const control = { host: places.gateway.host, port: await unusedPort() };
    const address = { host: places.gateway.host, port: await unusedPort() };
    const listen = ['--host', control.host, '--port', String(control.port)];
    const server = await startProgram(
      program,
      ['server', '--reverse', '--auth', LOGIN, ...listen],
      places.gateway,
    );
    await accepts(control, places.gateway, server);
    const { host, port } = (await places.throughLink?.(control)) ?? control;
    const remote = `R:${address.host}:${address.port}:${target.host}:${target.port}`;
    // Like Penstock, it should be back soon after a cut.
    const settings = ['--auth', LOGIN, '--max-retry-interval', '1s'];
    const client = await startProgram(
      program,
      ['client', ...settings, `http://${host}:${port}`, remote],
      places.agent,
    );
    await accepts(address, places.gateway, client);
    return {
      name: 'chisel',
      address,
      processes: [processOf('gateway', server), processOf('agent', client)],
      async stop() {
        await client.stop();
        await server.stop();
      },
    };
  },
};
