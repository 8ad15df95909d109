import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { shellBlocks } from '../documents/shell-blocks.ts';
import {
  agentFile,
  connection,
  gatewayFile,
  makeSite,
  portOf,
  runCommand,
  type Site,
} from '../processes/programs.ts';
import { eventually } from '../rig/eventually.ts';
import { ManagedProcess } from '../rig/process.ts';

const document = await readFile(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');

/** What several gateways have in common. */
const store = { url: '${env:DATABASE_URL}' };
const keys = {
  agentCa: { certificate: '${file:keys/agent-ca.crt}', key: '${file:keys/agent-ca.key}' },
  tunnelTls: { certificate: '${file:keys/server.crt}', key: '${file:keys/server.key}' },
};

/** Long enough for a machine on which much else runs. */
const START_TIMEOUT_MS = 120_000;

/** The statements with which docs/operations.md creates a database. */
export function sqlOfDocument(): string[] {
  const [, block = ''] = /^```sql\n(.*?)^```$/ms.exec(document) ?? [];
  return block.split(/;\n/).filter((statement) => statement !== '');
}

export type OperatedOptions = {
  /** URL of a database for the store. The keys are then in the folder `keys`, as for several gateways. */
  readonly database?: string;
};

/** Which block of commands, if there are several under a heading, and variables for them. */
export type FollowOptions = {
  readonly block?: number;
  readonly of?: number;
  readonly environment?: Readonly<Record<string, string>>;
};

/** A gateway and an agent as processes, which a test operates as docs/operations.md says. */
export class OperatedGateway implements AsyncDisposable {
  readonly site: Site;
  readonly #database: string | undefined;
  gateway: ManagedProcess | undefined;
  agent: ManagedProcess | undefined;
  #adminToken = '';
  #admin = 0;
  #tunnel = 0;

  private constructor(site: Site, { database }: OperatedOptions) {
    this.site = site;
    this.#database = database;
  }

  static async start(options: OperatedOptions = {}): Promise<OperatedGateway> {
    await using stack = new AsyncDisposableStack();
    const self = stack.use(new OperatedGateway(await makeSite(), options));
    await self.#writeGatewayFile(options.database === undefined ? {} : { store, dataDirectory: 'keys' });
    const { pins, adminToken } = JSON.parse(await self.init()) as {
      pins: string[];
      adminToken: { token: string };
    };
    self.#adminToken = adminToken.token;
    await self.#writeGatewayFile();
    await self.startGateway();
    await self.putToken();
    const site = { tunnelPort: self.#tunnel, pin: pins[0] ?? '', targets: { echo: 1 } };
    const identity = { directory: 'agent-data', enrollmentToken: '${file:token}' };
    await self.site.write('agent.yaml', agentFile(site, { identity }));
    self.agent = await self.site.start('agent', 'agent.yaml');
    await self.agentConnected();
    stack.move();
    return self;
  }

  /** The output of `init`, as JSON. */
  async init(...words: string[]): Promise<string> {
    const file = this.site.path('gateway.yaml');
    const { code, stdout, stderr } = await runCommand(
      'gateway',
      ['init', '--config', file, '--output', 'json', ...words],
      this.#environment,
    );
    assert.equal(code, 0, stderr);
    return stdout;
  }

  /** Starts the gateway; after the first time, on the same port for agents. */
  async startGateway(): Promise<void> {
    this.gateway = await this.site.start('gateway', 'gateway.yaml', this.#environment);
    this.#admin = portOf(await this.gateway.json({ event: 'admin-listening' }, START_TIMEOUT_MS));
    if (this.#tunnel !== 0) return;
    this.#tunnel = portOf(await this.gateway.json({ event: 'tunnel-listening' }, START_TIMEOUT_MS));
    await this.#writeGatewayFile();
  }

  async stopGateway(): Promise<void> {
    assert.equal((await this.gateway?.stop())?.code, 0);
  }

  /** Runs a command of an operator and returns what it printed. */
  async operate(...words: string[]): Promise<string> {
    const { code, stdout, stderr } = await runCommand('gateway', words, {
      PENSTOCK_URL: `http://127.0.0.1:${this.#admin}`,
      PENSTOCK_TOKEN: this.#adminToken,
    });
    assert.equal(code, 0, `${words.join(' ')}: ${stderr}`);
    return stdout;
  }

  /** Creates a token and puts it where agent.yaml refers to. */
  async putToken(): Promise<void> {
    const answer = await this.operate('token', 'create', '--pool', 'dc1', '--output', 'json');
    const { token } = JSON.parse(answer) as { token: string };
    await writeFile(this.site.path('token'), token, { mode: 0o600 });
  }

  async agentConnected(): Promise<{ readonly id: string }> {
    let found: { id: string; state: string } | undefined;
    await eventually(
      'the agent to be connected',
      async () => {
        const answer = await this.operate('agent', 'list', '--output', 'json');
        const { items } = JSON.parse(answer) as { items: { id: string; state: string }[] };
        [found] = items;
        return found?.state === 'connected';
      },
      { within: START_TIMEOUT_MS, state: () => this.agent?.output },
    );
    return { id: found?.id ?? '' };
  }

  /** Runs commands of docs/operations.md under a heading, with the paths of this gateway and in its folder. */
  async follow(heading: string, { block = 1, of = 1, environment }: FollowOptions = {}): Promise<string> {
    const blocks = shellBlocks(document).filter((each) => each.heading === heading);
    assert.equal(blocks.length, of, `docs/operations.md has ${blocks.length} blocks under ${heading}.`);
    const text = String(blocks[block - 1]?.text)
      .replaceAll('/var/lib/penstock-gateway', this.site.path('gateway-data'))
      .replaceAll('/var/backups/penstock-gateway', this.site.path('backup'));
    await using shell = await ManagedProcess.start({
      command: 'bash',
      args: ['-ec', text],
      cwd: this.site.directory,
      env: { ...this.#environment, ...environment },
    });
    assert.equal((await shell.exit(START_TIMEOUT_MS)).code, 0, shell.output);
    return shell.output;
  }

  get #environment(): Readonly<Record<string, string>> {
    return this.#database === undefined ? {} : { DATABASE_URL: this.#database };
  }

  async #writeGatewayFile(
    changes: Readonly<Record<string, unknown>> = this.#database === undefined ? {} : { store, ...keys },
  ): Promise<void> {
    const listen = { tunnel: `127.0.0.1:${this.#tunnel}`, admin: '127.0.0.1:0' };
    const connections = [connection('echo')];
    await this.site.write('gateway.yaml', gatewayFile({ listen, connections, ...changes }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.site[Symbol.asyncDispose]();
  }
}
