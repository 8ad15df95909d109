import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@penstock/runtime';
import { layoutBelow, programUnit } from '@penstock/services';
import { currentVersion, systemdHost, Updater, type UpdaterLimits } from '@penstock/updater';
import { ServiceManager } from './service-manager.ts';

const SERVICE = 'penstock-agent';
const PATH_MS = 200;

export type AgentHostOptions = {
  /** Stands for `/` of this host. */
  readonly root: string;
  /** Executable of the version that is installed at first. */
  readonly executable: string;
  readonly version: string;
  /** Of the release that is installed at first. */
  readonly sequence: number;
  readonly config: unknown;
  readonly environment: Readonly<Record<string, string>>;
  readonly rootKeys: readonly string[];
  readonly limits: UpdaterLimits;
  readonly watchdog: number;
};

/**
 * A host with directories of its own, the unit that `service install` writes, a real agent, and the real updater, which is
 * started as its path unit would: whenever a request has changed.
 */
export class AgentHost implements AsyncDisposable {
  readonly root: string;
  readonly #options: AgentHostOptions;
  readonly #manager: ServiceManager;
  readonly #requests: NodeJS.Timeout;
  #handled = '';
  #updater: Promise<void> | undefined;
  #state: 'running' | 'stopped' = 'running';

  constructor(options: AgentHostOptions) {
    const { root, config, environment, watchdog } = options;
    this.root = root;
    this.#options = options;
    const layout = layoutBelow(root);
    const at = (path: string) => join(root, path);
    for (const directory of [layout.updater, layout.units, at(`run/${SERVICE}`), at(`var/lib/${SERVICE}`)])
      mkdirSync(directory, { recursive: true });
    this.#install();
    const file = at('agent.json');
    writeFileSync(file, JSON.stringify(config));
    const unit = programUnit({
      program: SERVICE,
      name: SERVICE,
      config: file,
      command: [`/opt/penstock/current/${SERVICE}`],
      environment: {},
      notifiesItself: true,
      systemdVersion: 257,
      hasUpdater: true,
    });
    writeFileSync(join(layout.units, `${SERVICE}.service`), unit);
    this.#manager = new ServiceManager({
      argv: [join(layout.current, SERVICE), 'run', '--config', file],
      environment: {
        ...environment,
        PATH: process.env['PATH'] ?? '',
        // A single executable writes none either.
        NODE_DISABLE_COMPILE_CACHE: '1',
        PENSTOCK_UPGRADER: layout.updater,
        RUNTIME_DIRECTORY: at(`run/${SERVICE}`),
        STATE_DIRECTORY: at(`var/lib/${SERVICE}`),
      },
      log: at('agent.log'),
      watchdog,
    });
    this.#manager.start();
    this.#requests = setInterval(() => this.#watch(), PATH_MS);
  }

  get version(): string | undefined {
    return currentVersion(layoutBelow(this.root));
  }

  get pid(): number | undefined {
    return this.#manager.pid;
  }

  #install(): void {
    const { root, executable, version } = this.#options;
    const { versions, current, stable } = layoutBelow(root);
    mkdirSync(join(versions, version), { recursive: true });
    symlinkSync(executable, join(versions, version, SERVICE));
    for (const pointer of [current, stable]) symlinkSync(join('versions', version), pointer);
  }

  #watch(): void {
    const request = this.#request;
    if (this.#state === 'stopped' || this.#updater !== undefined || request === this.#handled) return;
    this.#handled = request;
    this.#updater = this.#update()
      .catch((error: unknown) => this.#log(`The updater failed: ${error}`))
      .finally(() => {
        this.#updater = undefined;
      });
  }

  get #request(): string {
    try {
      return readFileSync(join(this.root, `run/${SERVICE}/upgrade-request.json`), 'utf8');
    } catch {
      return '';
    }
  }

  async #update(): Promise<void> {
    const { root, rootKeys, sequence, limits } = this.#options;
    const updater = new Updater({
      host: systemdHost({
        run: this.#manager.run,
        platform: { os: process.platform, arch: process.arch },
        // As the files of these agents have it.
        isUpgradeAllowed: () => true,
        root,
      }),
      limits,
      rootKeys,
      sequence,
      clock: systemClock,
      log: (message) => this.#log(message),
    });
    updater.recover(false);
    await updater.run();
  }

  #log(message: string): void {
    writeFileSync(join(this.root, 'updater.log'), `${message}\n`, { flag: 'a' });
  }

  /** `systemctl stop`: the agent drains before it ends. */
  stop(): Promise<void> {
    this.#state = 'stopped';
    return this.#manager.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#state = 'stopped';
    clearInterval(this.#requests);
    await this.#manager[Symbol.asyncDispose]();
  }
}
