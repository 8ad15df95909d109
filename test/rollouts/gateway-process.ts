import { join } from 'node:path';
import { gatewayFile, makeSite, runCommand } from '../processes/programs.ts';
import { eventually } from '../rig/eventually.ts';
import { askApi } from '../rig/pair.ts';
import type { ManagedProcess } from '../rig/process.ts';
import { unusedPort } from '../rig/unused-port.ts';

type Fields = Readonly<Record<string, unknown>>;
type Environment = Readonly<Record<string, string>>;

const within = 120_000;

/** A gateway in its own process, which can be killed and started again on the same ports. */
export class GatewayProcess implements AsyncDisposable {
  readonly pin: string;
  readonly tunnelPort: number;
  /** By pool. */
  readonly ports: ReadonlyMap<string, number>;
  readonly directory: string;
  readonly adminToken: string;
  readonly #adminPort: number;
  readonly #site: Awaited<ReturnType<typeof makeSite>>;
  readonly #file: Fields;
  readonly #environment: Environment;
  #process: ManagedProcess;

  private constructor(
    fields: Pick<GatewayProcess, 'pin' | 'tunnelPort' | 'ports' | 'directory' | 'adminToken'> & {
      readonly adminPort: number;
      readonly site: Awaited<ReturnType<typeof makeSite>>;
      readonly file: Fields;
      readonly environment: Environment;
      readonly process: ManagedProcess;
    },
  ) {
    this.pin = fields.pin;
    this.tunnelPort = fields.tunnelPort;
    this.ports = fields.ports;
    this.directory = fields.directory;
    this.adminToken = fields.adminToken;
    this.#adminPort = fields.adminPort;
    this.#site = fields.site;
    this.#file = fields.file;
    this.#environment = fields.environment;
    this.#process = fields.process;
  }

  /** Starts a gateway with a connection `to-POOL` for each pool. `pool` are the fields of each. */
  static async start(
    pools: readonly string[],
    pool: Fields,
    changes: Fields,
    environment: Environment = {},
  ): Promise<GatewayProcess> {
    await using stack = new AsyncDisposableStack();
    const site = stack.use(await makeSite());
    const [tunnelPort, adminPort] = [await unusedPort(), await unusedPort()];
    const ports = new Map<string, number>();
    for (const name of pools) ports.set(name, await unusedPort());
    const file = gatewayFile({
      listen: { tunnel: `127.0.0.1:${tunnelPort}`, admin: `127.0.0.1:${adminPort}` },
      pools: pools.map((name) => ({ name, ...pool })),
      connections: pools.map((name) => ({
        name: `to-${name}`,
        connector: 'orders',
        pools: [name],
        ingress: [{ tcp: `127.0.0.1:${ports.get(name)}`, allow: ['127.0.0.0/8'] }],
      })),
      log: { level: 'info' },
      ...changes,
    });
    const path = await site.write('gateway.yaml', file);
    const init = await runCommand('gateway', ['init', '--config', path, '--output', 'json'], environment);
    if (init.code !== 0) throw new Error(init.stderr);
    const { pins, adminToken } = JSON.parse(init.stdout) as {
      readonly pins: readonly string[];
      readonly adminToken: { readonly token: string };
    };
    const process = await site.start('gateway', 'gateway.yaml', environment);
    await process.json({ event: 'admin-listening' }, within);
    await process.json({ event: 'tunnel-listening' }, within);
    stack.move();
    return new GatewayProcess({
      pin: pins[0] ?? '',
      tunnelPort,
      ports,
      directory: join(site.directory, 'gateway-data'),
      adminToken: adminToken.token,
      adminPort,
      site,
      file,
      environment,
      process,
    });
  }

  get output(): string {
    return this.#process.output;
  }

  /** Environment in which the commands of penstock-gateway reach this gateway. */
  get environment(): Readonly<Record<string, string>> {
    return { PENSTOCK_URL: `http://127.0.0.1:${this.#adminPort}`, PENSTOCK_TOKEN: this.adminToken };
  }

  api(request: string, body?: unknown): Promise<Fields> {
    return askApi(this.#adminPort, this.adminToken, request, body);
  }

  /** Adds fields to every pool of gateway.yaml, and waits until the gateway has loaded them. */
  reloadPools(fields: Fields): Promise<void> {
    const pools = this.#file['pools'] as readonly Fields[];
    return this.reload({ pools: pools.map((pool) => ({ ...pool, ...fields })) });
  }

  /** Replaces fields of gateway.yaml, and waits until the gateway has loaded them. */
  async reload(changes: Fields): Promise<void> {
    const isNew = isAnother(() => this.last('config-loaded'));
    await this.#site.write('gateway.yaml', { ...this.#file, ...changes });
    await eventually('the gateway to load its file', isNew, { within });
  }

  /** The last line of an event, about one of these agents if given; another object for each. Old ones are forgotten. */
  last(event: string, agents?: readonly string[]): object | undefined {
    return this.#process.lines.findLast(
      ({ json }) =>
        json?.['event'] === event && (agents === undefined || agents.includes(String(json['agent']))),
    );
  }

  /** Clients that could not be connected, of the last lines that the gateway has written. One that left by itself is none. */
  get refusedClients(): readonly Fields[] {
    return this.#process.lines.flatMap(({ json }) =>
      json?.['event'] === 'connection-failed' && json['code'] !== 'CLIENT_GONE' ? [json] : [],
    );
  }

  /** Kills the process, as a crash would, and starts it again. */
  async crash(): Promise<void> {
    await this.#process.stop('SIGKILL');
    this.#process = await this.#site.start('gateway', 'gateway.yaml', this.#environment);
    await this.#process.json({ event: 'admin-listening' }, within);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#site[Symbol.asyncDispose]();
  }
}

/** Whether `find` finds something else than now. */
export function isAnother(find: () => object | undefined): () => boolean {
  const before = find();
  return () => {
    const found = find();
    return found !== undefined && found !== before;
  };
}
