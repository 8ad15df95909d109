import type { AddressInfo } from 'node:net';
import type { AdminRole } from '@penstock/store';
import { type ApiRig, apiRig } from '../../control-plane/test/api/api-rig.ts';
import { type CliResult, runCli } from '../../test/rig/run-cli.ts';

export type CliRig = AsyncDisposable & {
  readonly api: ApiRig;
  cli(...argv: string[]): Promise<CliResult>;
  at(columns: number, ...argv: string[]): Promise<CliResult>;
};

/** The API on a port, and the command line with an admin token for it. */
export async function cliRig(role: AdminRole = 'admin'): Promise<CliRig> {
  const api = await apiRig();
  await api.app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = api.app.server.address() as AddressInfo;
  const environment = { PENSTOCK_URL: `http://127.0.0.1:${port}`, PENSTOCK_TOKEN: api.tokens[role] };
  return {
    api,
    cli: (...argv) => runCli(argv, environment),
    at: (columns, ...argv) => runCli(argv, { ...environment, NO_COLOR: '1' }, columns),
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}
