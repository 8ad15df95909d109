import type { AgentConfig, Connector } from '@penstock/config-schema';
import { type Clock, pause, Semaphore, systemClock } from '@penstock/runtime';
import type { AgentMessageOf } from '@penstock/wire';
import type { AgentLog } from '../../observe/event.ts';
import type { Targets } from '../targets.ts';
import { checkConnector } from './connector-check.ts';
import type { Encryption } from './protocols.ts';
import type { ReachResult } from './reach-target.ts';

/** The result of the last check of a connector. */
export type ConnectorCheckResult = AgentMessageOf<'heartbeat'>['checks'][number];

export type ConnectorChecksOptions = {
  readonly targets: Pick<Targets, 'resolve' | 'isDenied'>;
  readonly log: AgentLog;
  readonly clock?: Clock;
};

const MAX_CONCURRENT_CHECKS = 8;
/** The first check of each connector runs within this time, so that a start does not cause a burst of connections. */
const FIRST_CHECK_WITHIN_MS = 2_000;
const JITTER = 0.2;
const MIN_TIMEOUT_MS = 1_000;
const MAX_TIMEOUT_MS = 10_000;
const MAX_DETAIL_CHARACTERS = 256;

/** The loop that checks one connector. */
type CheckLoop = {
  readonly connector: Connector;
  readonly stopping: AbortController;
  readonly done: Promise<void>;
};

/**
 * Checks connectors periodically, each at its own interval, off the data path. Checks of the same connector never overlap.
 */
export class ConnectorChecks {
  readonly #options: ConnectorChecksOptions;
  readonly #clock: Clock;
  readonly #loops = new Map<string, CheckLoop>();
  readonly #results = new Map<string, ConnectorCheckResult>();
  readonly #stopping = new Set<Promise<void>>();
  readonly #semaphore = new Semaphore(MAX_CONCURRENT_CHECKS);

  constructor(options: ConnectorChecksOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** The last result of each checked connector, in the order of the configuration. */
  get results(): readonly ConnectorCheckResult[] {
    return [...this.#loops.keys()].flatMap((name) => this.#results.get(name) ?? []);
  }

  resultOf(connector: string): ConnectorCheckResult | undefined {
    return this.#results.get(connector);
  }

  /** Applies a configuration. Checks of unchanged connectors continue at their own pace. */
  apply({ connectors }: Pick<AgentConfig, 'connectors'>): void {
    const wanted = new Map(connectors.filter(isChecked).map((connector) => [connector.name, connector]));
    for (const [name, { connector }] of this.#loops) {
      const next = wanted.get(name);
      if (next === undefined || !isSame(next, connector)) this.#stopLoop(name);
    }
    // Rebuilt, so that the order is that of the configuration.
    const before = new Map(this.#loops);
    this.#loops.clear();
    for (const [name, connector] of wanted)
      this.#loops.set(name, before.get(name) ?? this.#startLoop(connector));
  }

  /** Stops every check. Resolves when the last connection has closed. */
  async stop(): Promise<void> {
    for (const name of [...this.#loops.keys()]) this.#stopLoop(name);
    await Promise.all(this.#stopping);
  }

  #stopLoop(name: string): void {
    const loop = this.#loops.get(name);
    if (loop === undefined) return;
    this.#loops.delete(name);
    this.#results.delete(name);
    this.#stopping.add(loop.done);
    void loop.done.then(() => this.#stopping.delete(loop.done));
    loop.stopping.abort(new Error('This connector is no longer checked.'));
  }

  #startLoop(connector: Connector): CheckLoop {
    const stopping = new AbortController();
    return { connector, stopping, done: this.#loop(connector, stopping.signal) };
  }

  async #loop(connector: Connector, signal: AbortSignal): Promise<void> {
    const interval = connector.check?.interval ?? 0;
    let lastEncryption: Encryption | undefined;
    await pause(this.#clock, this.#clock.random() * Math.min(FIRST_CHECK_WITHIN_MS, interval), signal);
    while (!signal.aborted) {
      const release = await this.#semaphore.acquire();
      try {
        if (!signal.aborted)
          lastEncryption = (await this.#check(connector, lastEncryption, signal)) ?? lastEncryption;
      } catch {
        // A check rejects only with the reason of the signal. Every other failure is a result.
      } finally {
        release();
      }
      const jitter = 1 + JITTER * (2 * this.#clock.random() - 1);
      await pause(this.#clock, interval * jitter, signal);
    }
  }

  async #check(
    connector: Connector,
    lastEncryption: Encryption | undefined,
    signal: AbortSignal,
  ): Promise<Encryption | undefined> {
    const started = this.#clock.now();
    const timeout = Math.min(MAX_TIMEOUT_MS, Math.max(connector.dialTimeout, MIN_TIMEOUT_MS));
    const result = await checkConnector(connector, { ...this.#options, timeout, lastEncryption, signal });
    if (signal.aborted) return undefined;
    const milliseconds = Math.max(0, Math.round((this.#clock.now() - started) * 10) / 10);
    this.#record(connector.name, result, milliseconds);
    return result.encryption;
  }

  #record(connector: string, { reach, message, stages }: ReachResult, milliseconds: number): void {
    const before = this.#results.get(connector)?.reach;
    const failed = stages.find(({ verdict }) => verdict === 'failed');
    const answered = stages.find(({ stage }) => stage === 'protocol');
    const detail = (reach === 'ready' ? answered : failed)?.detail?.slice(0, MAX_DETAIL_CHARACTERS);
    this.#results.set(connector, {
      connector,
      reach,
      at: Math.round(this.#clock.wall()),
      milliseconds,
      ...(detail !== undefined && { detail }),
    });
    if (before === reach) return;
    if (reach !== 'ready') this.#options.log('connector-failing', { connector, reach, message, detail });
    else if (before !== undefined) this.#options.log('connector-recovered', { connector, milliseconds });
  }
}

const isChecked = ({ check }: Connector) => check !== undefined;

const isSame = (one: Connector, other: Connector) => JSON.stringify(one) === JSON.stringify(other);
