import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { binOf, runCommand } from '../../test/processes/programs.ts';
import { Postgres } from '../../test/rig/postgres.ts';
import { ManagedProcess } from '../../test/rig/process.ts';
import { temporaryDirectory } from '../../test/rig/temporary-directory.ts';
import { unusedPort } from '../../test/rig/unused-port.ts';
import type { Enrollment } from '../load/agent-identity.ts';
import type { Gateway } from '../load/tunnel-connection.ts';

const START_TIMEOUT_MS = 120_000;
const MAX_TOKEN_USES = 500;
const WATCH_LOOP = new URL('watch-loop.ts', import.meta.url).href;

export type BenchReplica = {
  readonly name: string;
  readonly process: ManagedProcess;
  readonly tunnel: Gateway;
  readonly clients: { readonly host: string; readonly port: number };
  /** Calls the API as an admin, and throws unless it succeeds. */
  api(request: string, body?: unknown): Promise<Readonly<Record<string, unknown>>>;
  /** Where it writes the delays of its event loop. */
  readonly loopFile: string;
};

export type BenchReplicas = AsyncDisposable & {
  readonly replicas: readonly BenchReplica[];
  readonly directory: string;
  /** A token for this many agents at most, and where they enroll. */
  enrollment(uses: number): Promise<Enrollment>;
};

/** Three replicas on a PostgreSQL of their own, without a load balancer. */
export async function startBenchReplicas(names: readonly string[], sessions: number): Promise<BenchReplicas> {
  await using stack = new AsyncDisposableStack();
  const { path: directory } = stack.use(await temporaryDirectory());
  const postgres = stack.use(await Postgres.start());
  const file = join(directory, 'gateway.json');
  await writeFile(file, JSON.stringify(gatewayFile(sessions)));
  const dataOf = (name: string) => join(directory, name);
  const portsOf = async () => ({
    TUNNEL: String(await unusedPort()),
    ADMIN: String(await unusedPort()),
    CLIENTS: String(await unusedPort()),
    PEERS: String(await unusedPort()),
  });
  const environments = new Map(
    await Promise.all(
      names.map(async (name) => {
        const shared = { REPLICA: name, DATA: dataOf(name), STORE_URL: postgres.url() };
        return [
          name,
          { ...shared, ...(await portsOf()), LOOP_FILE: join(directory, `${name}.loop`) },
        ] as const;
      }),
    ),
  );
  const [first = ''] = names;
  const init = await runCommand(
    'gateway',
    ['init', '--config', file, '--output', 'json'],
    environments.get(first),
  );
  if (init.code !== 0) throw new Error(init.stderr);
  const { pins, adminToken } = JSON.parse(init.stdout) as { pins: string[]; adminToken: { token: string } };
  for (const name of names.slice(1)) await cp(dataOf(first), dataOf(name), { recursive: true });
  const replicas = await Promise.all(
    [...environments].map(async ([name, env]): Promise<BenchReplica> => {
      const args = ['--import', WATCH_LOOP, binOf('gateway'), 'run', '--config', file];
      const process = stack.use(await ManagedProcess.start({ args, env }));
      await process.json({ event: 'admin-listening' }, START_TIMEOUT_MS);
      return {
        name,
        process,
        tunnel: { address: { host: '127.0.0.1', port: Number(env.TUNNEL) }, pin: pins[0] ?? '' },
        clients: { host: '127.0.0.1', port: Number(env.CLIENTS) },
        loopFile: env.LOOP_FILE,
        api: (request, body) => askApi(`http://127.0.0.1:${env.ADMIN}`, adminToken.token, request, body),
      };
    }),
  );
  const [replica] = replicas;
  if (replica === undefined) throw new Error('No replica was started.');
  const owned = stack.move();
  return {
    replicas,
    directory,
    async enrollment(uses) {
      const { token } = await replica.api('POST /enrollment-tokens', {
        pool: 'dc1',
        uses: Math.min(uses, MAX_TOKEN_USES),
      });
      return { gateway: replica.tunnel, token: String(token), pool: 'dc1' };
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const gatewayFile = (sessions: number) => ({
  apiVersion: 'penstock/v1',
  kind: 'Gateway',
  version: 1,
  organization: 'bench',
  listen: { tunnel: '127.0.0.1:${env:TUNNEL}', admin: '127.0.0.1:${env:ADMIN}' },
  dataDirectory: '${env:DATA}',
  store: { url: '${env:STORE_URL}' },
  cluster: { name: '${env:REPLICA}', listen: '127.0.0.1:${env:PEERS}' },
  pools: [{ name: 'dc1' }],
  connections: [
    {
      name: 'echo',
      connector: 'echo',
      pools: ['dc1'],
      ingress: [{ tcp: '127.0.0.1:${env:CLIENTS}', allow: ['127.0.0.0/8'] }],
    },
  ],
  tunnel: { acceptRate: sessions, sessionsPerAddress: sessions },
  drain: { settle: '0s', timeout: '1s' },
});

async function askApi(url: string, token: string, request: string, body: unknown) {
  const [method = '', path = ''] = request.split(' ');
  const response = await fetch(`${url}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${request}: HTTP ${response.status} ${await response.text()}`);
  return (await response.json()) as Readonly<Record<string, unknown>>;
}
