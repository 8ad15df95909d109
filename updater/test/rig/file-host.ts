import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Layout, layoutBelow, pointTo } from '@penstock/services';
import { executable, PLATFORM } from '../../../test/rig/release-directory.ts';
import type { AgentHealth } from '../../src/health.ts';
import type { Observation, UpdaterHost } from '../../src/host.ts';
import { REQUEST_FILE, ROOT, readRequest, type UpgradeRequest } from '../../src/request.ts';
import { agentOf, currentVersion, stableVersion } from '../../src/version-folders.ts';

/** How the service behaves with a version. */
export type Behavior = {
  /** `fails`: exits, and is not started again. `worse` has a connector that fails; `deaf` gets no heartbeat acknowledged. */
  readonly as: 'good' | 'exits' | 'fails' | 'hangs' | 'silent' | 'worse' | 'deaf' | 'busy' | 'stopped';
};

type Service = { readonly version: string; readonly invocation: string };

type State = {
  /** `hard-links` as on Windows. */
  readonly pointers: Layout['pointers'];
  readonly boot: string;
  readonly services: Readonly<Record<string, Service>>;
  readonly restarts: number;
  /** How many of the next restarts fail. */
  readonly restartsFailing: number;
  /** By `SERVICE@VERSION` or version; `good` if not named. */
  readonly behaviors: Readonly<Record<string, Behavior['as']>>;
  readonly isGatewayUp: boolean;
  /** Who makes the requests. */
  readonly asking: string;
  /** Services whose owners deny upgrades. */
  readonly denying: readonly string[];
};

export const SERVICE = 'penstock-agent';

/**
 * A host with real files, links and executables, and a fake service manager: what its services run is in a file, so that it
 * outlives a process that is killed, as systemd would.
 */
export class FileHost implements UpdaterHost {
  readonly layout: Layout;
  readonly platform = PLATFORM;
  readonly root: string;
  readonly #file: string;

  constructor(
    root: string,
    services: readonly string[] = [SERVICE],
    pointers: Layout['pointers'] = 'symbolic-links',
  ) {
    this.root = root;
    this.#file = join(root, 'state.json');
    const layout = layoutBelow(root);
    mkdirSync(layout.updater, { recursive: true });
    if (!existsSync(this.#file)) {
      this.change({
        pointers,
        boot: 'boot-1',
        services: Object.fromEntries(services.map((name) => [name, { version: '', invocation: '' }])),
        restarts: 0,
        restartsFailing: 0,
        behaviors: {},
        isGatewayUp: true,
        asking: ROOT,
        denying: [],
      });
    }
    const isWindows = this.state.pointers === 'hard-links';
    this.layout = { ...layout, ...(isWindows && { pointers: 'hard-links', suffix: '.exe' }) };
  }

  get state(): State & { readonly service: Service } {
    const state = JSON.parse(readFileSync(this.#file, 'utf8')) as State;
    return { ...state, service: this.#running(state, SERVICE) };
  }

  #running({ services }: State, name: string): Service {
    return services[name] ?? { version: '', invocation: '' };
  }

  change(changes: Partial<State>): void {
    const before = existsSync(this.#file) ? this.state : {};
    writeFileSync(this.#file, JSON.stringify({ ...before, ...changes }));
  }

  /** Installs a version as a package would, and starts it. */
  install(version: string): void {
    mkdirSync(join(this.layout.versions, version), { recursive: true });
    const file = agentOf(this.layout, version);
    writeFileSync(file, executable(version));
    chmodSync(file, 0o755);
    const { layout } = this;
    if (currentVersion(layout) === undefined) pointTo(layout, layout.current, version);
    if (stableVersion(layout) === undefined) pointTo(layout, layout.stable, version);
    this.startServices();
  }

  /** Asks for an upgrade, with a minute to switch unless it is only to be staged. */
  ask({
    isStageOnly = false,
    ...request
  }: Partial<UpgradeRequest> & { readonly to: string; readonly isStageOnly?: boolean }): void {
    const until = isStageOnly ? {} : { until: Date.now() + 60_000 };
    writeFileSync(
      join(this.layout.updater, REQUEST_FILE),
      JSON.stringify({ format: 1, id: randomUUID(), ...until, ...request }),
    );
  }

  /** What systemd does at boot, after the updater. */
  startServices(): void {
    for (const { name } of this.services()) this.restart(name);
  }

  get boot(): string {
    return this.state.boot;
  }

  services() {
    return Object.keys(this.state.services).map((name) => ({ name, config: `/etc/penstock/${name}.yaml` }));
  }

  restart(service: string): void {
    const version = currentVersion(this.layout) ?? '';
    const { services, restarts, restartsFailing } = this.state;
    if (restartsFailing > 0) {
      this.change({ restartsFailing: restartsFailing - 1 });
      throw new Error('The service manager does not answer.');
    }
    this.change({
      services: { ...services, [service]: { version, invocation: randomUUID() } },
      restarts: restarts + 1,
    });
  }

  #behavior(service: string): Behavior['as'] {
    const { behaviors } = this.state;
    const { version } = this.#running(this.state, service);
    return behaviors[`${service}@${version}`] ?? behaviors[version] ?? 'good';
  }

  observe(service: string): Observation {
    const { invocation } = this.#running(this.state, service);
    const states: Partial<Record<Behavior['as'], Observation['state']>> = {
      exits: 'restarting',
      fails: 'failed',
      hangs: 'starting',
      stopped: 'stopped',
    };
    return { state: states[this.#behavior(service)] ?? 'active', isHung: false, invocation };
  }

  *requests() {
    const { asking } = this.state;
    const request = readRequest(this.layout.updater);
    if (request !== undefined) yield { source: asking, ...request };
  }

  isUpgradeAllowed({ name }: { readonly name: string }): boolean {
    return !this.state.denying.includes(name);
  }

  health(service: string): AgentHealth | undefined {
    const behavior = this.#behavior(service);
    if (behavior === 'silent') return undefined;
    const isDeaf = behavior === 'deaf' || behavior === 'busy';
    return {
      format: 1,
      version: this.#running(this.state, service).version,
      at: Date.now(),
      acknowledged: !isDeaf,
      sessions: { ready: isDeaf ? 0 : 2, wanted: 2 },
      failing: behavior === 'worse' ? ['orders'] : [],
      isGatewayBusy: behavior === 'busy',
    };
  }

  trial(file: string, words: readonly string[]) {
    const { status, stdout, error } = spawnSync(file, [...words], { encoding: 'utf8' });
    return { ok: status === 0, notExecutable: error !== undefined, output: stdout ?? '' };
  }

  reaches(): boolean {
    return this.state.isGatewayUp;
  }
}
