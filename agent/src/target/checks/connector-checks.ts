import type { AgentConfig, Connector } from '@penstock/config-schema';
import { type Clock, pause, Semaphore, systemClock } from '@penstock/runtime';
import type { AgentMessageOf, Reach } from '@penstock/wire';
import type { AgentLog } from '../../observe/event.ts';
import type { Targets } from '../targets.ts';
import type { ClimbResult } from './climb.ts';
import { checkConnector } from './connector-check.ts';

/** What the last check of a connector found. */
export type CheckedConnector = AgentMessageOf<'heartbeat'>['checks'][number];

export type ConnectorChecksOptions = {
  readonly targets: Pick<Targets, 'resolve' | 'isDenied'>;
  readonly log: AgentLog;
  readonly clock?: Clock;
};

/** Checks at once; the others wait for their turn. */
const MOST_AT_ONCE = 8;
/** The first check comes within this time, so that a start is not a burst of connections. */
const FIRST_WITHIN = 2_000;
const JITTER = 0.2;
const LONGEST = 10_000;
const DETAIL_LENGTH = 256;

type Watched = {
  readonly connector: Connector;
  readonly stopping: AbortController;
  readonly done: Promise<void>;
};

/**
 * Checks connectors again and again, each at its own interval: never two of one connector at a time, and off the data
 * path. MySQL connectors are left out, since a server blocks hosts for such visits.
 */
export class ConnectorChecks {
  readonly #options: ConnectorChecksOptions;
  readonly #clock: Clock;
  readonly #watched = new Map<string, Watched>();
  readonly #found = new Map<string, CheckedConnector>();
  readonly #ended = new Set<Promise<void>>();
  readonly #turns = new Semaphore(MOST_AT_ONCE);

  constructor(options: ConnectorChecksOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** The last finding of each connector that is checked, in the order of the file. */
  get found(): readonly CheckedConnector[] {
    return [...this.#watched.keys()].flatMap((name) => this.#found.get(name) ?? []);
  }

  of(connector: string): CheckedConnector | undefined {
    return this.#found.get(connector);
  }

  /** Follows the file: what has not changed goes on at its own pace. */
  apply({ connectors }: Pick<AgentConfig, 'connectors'>): void {
    const wanted = new Map(connectors.filter(isChecked).map((connector) => [connector.name, connector]));
    for (const [name, { connector }] of this.#watched) {
      const next = wanted.get(name);
      if (next === undefined || !isSame(next, connector)) this.#forget(name);
    }
    // In the order of the file, whatever was watched before.
    const before = new Map(this.#watched);
    this.#watched.clear();
    for (const [name, connector] of wanted)
      this.#watched.set(name, before.get(name) ?? this.#watch(connector));
  }

  /** Ends all checks and comes back when the last connection of theirs is gone. */
  async stop(): Promise<void> {
    for (const name of [...this.#watched.keys()]) this.#forget(name);
    await Promise.all(this.#ended);
  }

  #forget(name: string): void {
    const watched = this.#watched.get(name);
    if (watched === undefined) return;
    this.#watched.delete(name);
    this.#found.delete(name);
    this.#ended.add(watched.done);
    void watched.done.then(() => this.#ended.delete(watched.done));
    watched.stopping.abort(new Error('This connector is not checked any more.'));
  }

  #watch(connector: Connector): Watched {
    const stopping = new AbortController();
    return { connector, stopping, done: this.#loop(connector, stopping.signal) };
  }

  async #loop(connector: Connector, signal: AbortSignal): Promise<void> {
    const interval = connector.check?.interval ?? 0;
    let way: 'clear' | 'tls' | undefined;
    await pause(this.#clock, this.#clock.random() * Math.min(FIRST_WITHIN, interval), signal);
    while (!signal.aborted) {
      const release = await this.#turns.acquire();
      try {
        if (!signal.aborted) way = (await this.#check(connector, way, signal)) ?? way;
      } catch {
        // Only the end of the loop gets here: all else is a finding.
      } finally {
        release();
      }
      const spread = 1 + JITTER * (2 * this.#clock.random() - 1);
      await pause(this.#clock, interval * spread, signal);
    }
  }

  async #check(connector: Connector, way: 'clear' | 'tls' | undefined, signal: AbortSignal) {
    const started = this.#clock.now();
    const timeout = Math.min(LONGEST, Math.max(connector.dialTimeout, 1_000));
    const result = await checkConnector(connector, { ...this.#options, timeout, way, signal });
    if (signal.aborted) return undefined;
    const milliseconds = Math.max(0, Math.round((this.#clock.now() - started) * 10) / 10);
    this.#record(connector.name, result, milliseconds);
    return result.way;
  }

  #record(connector: string, { reach, sentence, stages }: ClimbResult, milliseconds: number): void {
    const before: Reach | undefined = this.#found.get(connector)?.reach;
    const failed = stages.find(({ verdict }) => verdict === 'failed');
    const said =
      reach === 'ready' ? stages.find(({ stage }) => stage === 'protocol')?.detail : failed?.detail;
    const detail = said?.slice(0, DETAIL_LENGTH);
    this.#found.set(connector, {
      connector,
      reach,
      at: Math.round(this.#clock.wall()),
      milliseconds,
      ...(detail !== undefined && { detail }),
    });
    if (before === reach) return;
    if (reach !== 'ready') this.#options.log('connector-failing', { connector, reach, sentence, detail });
    else if (before !== undefined) this.#options.log('connector-recovered', { connector, milliseconds });
  }
}

const isChecked = ({ kind, check }: Connector) => check !== undefined && kind !== 'mysql';

const isSame = (one: Connector, other: Connector) => JSON.stringify(one) === JSON.stringify(other);
