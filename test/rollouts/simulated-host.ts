import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { AgentMessage, GatewayMessage, UpgradeStatus } from '@penstock/wire';
import type { Pair } from '../rig/pair.ts';
import { helloOf, RawAgent } from '../rig/raw-agent.ts';

/** What becomes of a host with the new version. */
export type Behavior = 'good' | 'crashes' | 'hangs' | 'cannot-dial' | 'slower' | 'leaks';

export type HostOptions = {
  readonly name: string;
  readonly connector: string;
  /** Port of the target on 127.0.0.1. */
  readonly target: number;
  readonly version: string;
  /** How this host behaves with other versions than the first one. */
  readonly behavior: () => Behavior;
  readonly upgrader?: 'host' | 'none';
  readonly policy?: UpgradeStatus['policy'];
};

const HEARTBEAT_MS = 200;
const SWITCH_MS = 100;
const DRAIN_MS = 500;
const SLOW_MS = 150;
const MIB = 1024 * 1024;

/**
 * A fake of an agent with the updater of its host: real TLS, certificates and sessions, real dials, but no processes. What
 * matters here is what the gateway sees: a version that goes away and comes back as another one, or not.
 */
export class SimulatedHost implements AsyncDisposable {
  readonly #pair: Pair;
  readonly #options: HostOptions;
  readonly #identity: { readonly key: string; readonly chain: string };
  readonly #sockets = new Set<{ destroy(): void }>();
  #agent: RawAgent | undefined;
  #version: string;
  #boots = 0;
  #memory = 100 * MIB;
  #seq = 0;
  #timers = new Set<NodeJS.Timeout>();
  #status: UpgradeStatus;
  #state: 'running' | 'stopped' = 'running';
  #connecting: Promise<void> = Promise.resolve();

  private constructor(pair: Pair, options: HostOptions, identity: { key: string; chain: string }) {
    this.#pair = pair;
    this.#options = options;
    this.#identity = identity;
    this.#version = options.version;
    this.#status = {
      upgrader: options.upgrader ?? 'host',
      policy: options.policy ?? 'allow',
      state: 'idle',
      since: Date.now(),
      installed: [options.version],
      failed: [],
    };
  }

  /** With the identity of a real agent that has enrolled and was stopped. */
  static async start(pair: Pair, options: HostOptions): Promise<SimulatedHost> {
    // The file contains the key and the chain; TLS extracts each from it.
    const pem = await readFile(join(pair.directory, options.name, 'current.pem'), 'utf8');
    const host = new SimulatedHost(pair, options, { key: pem, chain: pem });
    await host.#connect();
    return host;
  }

  get version(): string {
    return this.#version;
  }

  /** Replaces the version as an orchestrator does, without being asked by the gateway. */
  replace(version: string): void {
    this.#switchTo(version);
  }

  get #behavior(): Behavior {
    return this.#version === this.#options.version ? 'good' : this.#options.behavior();
  }

  async #connect(): Promise<void> {
    const { name, connector } = this.#options;
    this.#boots += 1;
    const hello = {
      ...helloOf(name, [connector]),
      agent: { name, version: this.#version },
      bootId: `${name}-${this.#boots}`,
    } as AgentMessage;
    const agent = await RawAgent.open(this.#pair, this.#identity, hello);
    if (this.#state === 'stopped') {
      await agent[Symbol.asyncDispose]();
      return;
    }
    this.#agent = agent;
    agent.watch((message) => this.#take(message));
    // Another gateway, or the same one after a restart: the session is made again.
    agent.socket.once('close', () => {
      if (this.#agent === agent) this.#later(SWITCH_MS, () => this.#reconnect());
    });
    this.#beat();
  }

  #reconnect(): void {
    if (this.#state === 'stopped') return;
    this.#connecting = this.#connect().catch(() => void this.#later(SWITCH_MS, () => this.#reconnect()));
  }

  #beat(): void {
    for (const timer of this.#timers) if (Reflect.get(timer, 'beat') === true) clearTimeout(timer);
    if (this.#behavior === 'leaks') this.#memory += 40 * MIB;
    this.#seq += 1;
    this.#agent?.say({
      type: 'heartbeat',
      seq: this.#seq,
      sentAt: Date.now(),
      memory: { totalBytes: 4096 * MIB, availableBytes: 2048 * MIB, processBytes: this.#memory },
      eventLoop: { p99Ms: 1, maxMs: 1 },
      streams: { open: 0, opening: 0 },
      identity: { notAfter: 0 },
      checks: [],
      upgrade: this.#status,
    });
    Object.assign(
      this.#later(HEARTBEAT_MS, () => this.#beat()),
      { beat: true },
    );
  }

  #report(change: Partial<UpgradeStatus>): void {
    this.#status = { ...this.#status, since: Date.now(), ...change };
    this.#agent?.say({ type: 'upgrade-status', upgrade: this.#status });
  }

  #take(message: GatewayMessage): void {
    if (message.type === 'open') this.#open(message);
    if (message.type === 'upgrade' && message.back === true) this.#switchTo(message.to, message.rollout);
    else if (message.type === 'upgrade') this.#stage(message.rollout, message.to);
    if (message.type === 'upgrade-cancel' && this.#status.state === 'waiting') {
      this.#report({ state: 'failed', code: 'CANCELLED' });
    }
    if (message.type === 'go' && this.#status.state === 'waiting')
      this.#switchTo(message.to, message.rollout);
    if (message.type === 'wait') this.#later(500, () => this.#ask(message.rollout));
  }

  #stage(rollout: string, to: string): void {
    const { rollout: current, state } = this.#status;
    if (current === rollout && (state === 'waiting' || state === 'switching' || state === 'probation'))
      return;
    this.#report({ rollout, from: this.#version, to, state: 'staged', code: undefined as never });
    this.#report({ state: 'waiting' });
    this.#ask(rollout);
  }

  #ask(rollout: string): void {
    const { state, to } = this.#status;
    if (state !== 'waiting' || to === undefined) return;
    this.#agent?.say({ type: 'may-switch', rollout, from: this.#version, to });
  }

  #switchTo(version: string, rollout?: string): void {
    const from = this.#version;
    const isBack = version === this.#options.version;
    this.#status = {
      ...this.#status,
      ...(rollout !== undefined && { rollout }),
      from,
      to: version,
      state: 'switching',
      since: Date.now(),
    };
    const behavior = isBack ? 'good' : this.#options.behavior();
    const leaving = this.#agent;
    // Clients that are connected have this long to finish, as with a real agent.
    leaving?.say({ type: 'draining' });
    if (behavior === 'crashes' || behavior === 'hangs') {
      const code = behavior === 'crashes' ? 'EXITED' : 'HUNG';
      this.#status = { ...this.#status, state: 'rolled-back', code, detail: `It was ${version}.` };
    } else {
      this.#version = version;
      this.#status = { ...this.#status, state: isBack ? 'committed' : 'probation' };
    }
    this.#memory = 100 * MIB;
    this.#later(DRAIN_MS, () => {
      this.#agent = undefined;
      leaving?.socket.destroy();
      this.#later(SWITCH_MS, () => this.#reconnect());
    });
    if (!isBack)
      this.#later(1_000, () => this.#status.state === 'probation' && this.#report({ state: 'committed' }));
  }

  #open({ id }: Extract<GatewayMessage, { type: 'open' }>): void {
    const agent = this.#agent;
    if (agent === undefined) return;
    if (this.#behavior === 'cannot-dial') {
      agent.say({ type: 'open-failed', id, code: 'REFUSED', detail: 'Nothing listens.' });
      return;
    }
    const dial = () => {
      const target = connect({ host: '127.0.0.1', port: this.#options.target });
      this.#sockets.add(target);
      target.once('close', () => this.#sockets.delete(target)).on('error', () => {});
      target.once('connect', () => {
        const stream = agent.bring(id);
        stream.pipe(target).on('error', () => {});
        target.pipe(stream);
      });
    };
    if (this.#behavior === 'slower') this.#later(SLOW_MS, dial);
    else dial();
  }

  #later(milliseconds: number, work: () => unknown): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, milliseconds);
    this.#timers.add(timer);
    return timer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#state = 'stopped';
    for (const timer of this.#timers) clearTimeout(timer);
    const agent = this.#agent;
    this.#agent = undefined;
    await this.#connecting.catch(() => {});
    for (const socket of this.#sockets) socket.destroy();
    await agent?.[Symbol.asyncDispose]();
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
