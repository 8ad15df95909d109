import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Daemon, startDaemon } from '@penstock/agent';
import { type HostPort, parseAgentConfig } from '@penstock/config-schema';
import type { TestCertificate } from '../rig/certificates.ts';
import { TestClient } from '../rig/client.ts';
import { eventually } from '../rig/eventually.ts';
import { ManagedProcess } from '../rig/process.ts';
import { residentBytes } from '../rig/process-measurements.ts';
import { startEcho } from '../rig/targets.ts';
import { temporaryDirectory } from '../rig/temporary-directory.ts';

const CHILD = join(import.meta.dirname, 'gateway-child.ts');

/** The timeouts of the gateway under attack, short enough for a test. */
export const LIMITS = { handshakeTimeout: 1_000, pingTimeout: 1_000, sessionsPerAddress: 60 } as const;

/** A gateway under attack, with an honest agent that serves clients at the same time. */
export type Target = AsyncDisposable & {
  readonly address: HostPort;
  /** A stolen identity, of an agent that is no longer connected. */
  readonly stolen: TestCertificate;
  /** The ingress of the echo target. */
  readonly ingress: HostPort;
  readonly gateway: ManagedProcess;
  /** Connects a client to the echo target and waits for its response. Throws after two seconds. */
  serve(): Promise<void>;
  /** Connections on the tunnel port. */
  connections(): Promise<number>;
  /** Resident memory of the gateway, in bytes. */
  memory(): number;
  /** Events of the gateway's log. */
  logged(event: string): readonly Readonly<Record<string, unknown>>[];
};

/** `descriptors`: limit of file descriptors of the gateway. Left out: the same as for the test. */
export async function startTarget({ descriptors }: { readonly descriptors?: number } = {}): Promise<Target> {
  await using scope = new AsyncDisposableStack();
  const directory = scope.use(await temporaryDirectory());
  const echo = scope.use(await startEcho());
  const gateway = scope.use(
    await ManagedProcess.start({
      ...programOf(descriptors),
      env: { GATEWAY_FILE: gatewayFile(directory.path) },
    }),
  );
  const ready = await gateway.json({ event: 'ready' }, 60_000);
  const address = { host: '127.0.0.1', port: Number(ready['tunnel']) };
  const ingress = { host: '127.0.0.1', port: Number((ready['ingress'] as Record<string, number>)['echo']) };
  const admin = `http://127.0.0.1:${ready['admin']}`;
  const token = await createToken(admin, String(ready['adminToken']));
  const start = async (name: string): Promise<Daemon> => {
    const daemon = await startAgent(directory.path, name, address, ready['pins'], token, echo.address);
    scope.defer(() => daemon.stop());
    await eventually(`${name} to be connected`, () => daemon.status().sessions.ready === 2, {
      within: 30_000,
    });
    return daemon;
  };
  const victim = await start('victim');
  const stolen = await identityOf(join(directory.path, 'victim', 'current.pem'));
  await victim.stop();
  await start('honest');
  const owned = scope.move();
  return {
    address,
    stolen,
    ingress,
    gateway,
    async serve() {
      await using client = await TestClient.connect(ingress);
      await client.echo('hello', 2_000);
    },
    connections: async () => {
      const text = await (await fetch(`${admin}/metrics`, { headers: { connection: 'close' } })).text();
      return Number(/^penstock_gateway_tunnel_connections (\d+)$/m.exec(text)?.[1]);
    },
    memory: () => residentBytes(gateway.pid),
    logged: (event) => gateway.lines.flatMap(({ json }) => (json?.['event'] === event ? [json] : [])),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Sets the hard limit as well as the soft one, because Node raises the soft limit when it starts. */
const programOf = (descriptors: number | undefined) =>
  descriptors === undefined
    ? { args: [CHILD] }
    : {
        command: 'sh',
        args: ['-c', `ulimit -n ${descriptors} && exec "$0" "$@"`, process.execPath, CHILD],
      };

const gatewayFile = (directory: string) =>
  JSON.stringify({
    apiVersion: 'penstock/v1',
    kind: 'Gateway',
    version: 1,
    organization: 'acme',
    listen: { tunnel: '127.0.0.1:0', admin: '127.0.0.1:0' },
    dataDirectory: join(directory, 'gateway'),
    pools: [{ name: 'dc1' }],
    connections: [
      {
        name: 'echo',
        connector: 'echo',
        pools: ['dc1'],
        ingress: [{ tcp: '127.0.0.1:0', allow: ['127.0.0.0/8'] }],
      },
    ],
    tunnel: {
      handshakeTimeout: `${LIMITS.handshakeTimeout}ms`,
      pingInterval: '500ms',
      pingTimeout: `${LIMITS.pingTimeout}ms`,
      sessionsPerAddress: LIMITS.sessionsPerAddress,
    },
  });

async function createToken(admin: string, adminToken: string): Promise<string> {
  const response = await fetch(`${admin}/api/v1/enrollment-tokens`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${adminToken}`,
      'content-type': 'application/json',
      connection: 'close',
    },
    body: JSON.stringify({ pool: 'dc1', uses: 10 }),
  });
  return String(((await response.json()) as Record<string, unknown>)['token']);
}

async function startAgent(
  directory: string,
  name: string,
  gateway: HostPort,
  pins: unknown,
  token: string,
  echo: HostPort,
): Promise<Daemon> {
  const file = JSON.stringify({
    apiVersion: 'penstock/v1',
    kind: 'Agent',
    version: 1,
    name,
    pool: 'dc1',
    gateway: { url: `https://127.0.0.1:${gateway.port}`, pins, trust: 'pins', proxy: 'none' },
    identity: { directory: join(directory, name), enrollmentToken: '${env:TOKEN}' },
    connectors: [{ name: 'echo', kind: 'tcp', address: `127.0.0.1:${echo.port}` }],
    local: { listen: '127.0.0.1:0' },
  });
  const result = parseAgentConfig(file, { environment: { TOKEN: token }, readFile: () => '', directory });
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
  return await startDaemon({ config: result.config, environment: {}, log: () => {} });
}

/** Key and certificate chain of an agent's identity file. */
async function identityOf(file: string): Promise<TestCertificate> {
  const text = await readFile(file, 'utf8');
  const split = text.indexOf('-----BEGIN CERTIFICATE-----');
  const chain = text.slice(split);
  return { key: text.slice(0, split), chain, certificate: chain, pin: '' };
}
