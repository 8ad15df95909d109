import { BriefMap, type Clock } from '@penstock/runtime';
import type { ConnectionLogQuery, ConnectionLogRow, ConnectionLogStore } from '@penstock/store';
import { connectionIds } from '@penstock/store';
import type { ControlPlaneLog } from '../observe/event.ts';
import { DeniedClients } from './denied-clients.ts';
import { LiveConnection, type LiveConnectionPort } from './live-connection.ts';
import { LogFollowers } from './log-followers.ts';
import { LogWriter } from './log-writer.ts';
import type { ConnectionEntry, DeniedClient, LoggedClient } from './logged-client.ts';
import type { LogLimits } from './prune-log.ts';

export type ConnectionLogOptions = {
  /** Opens the store; called again after a failure. */
  readonly open: () => Promise<ConnectionLogStore>;
  /** Name of this replica; undefined for a gateway that is alone. */
  readonly replica?: string | undefined;
  /** The slot of this replica for ids; see `connectionIds`. */
  readonly slot?: (() => number) | undefined;
  readonly settings: () => LogLimits & { readonly isStored: boolean };
  readonly clock: Clock;
  readonly log: ControlPlaneLog;
};

/** Time between two writes. Connections that are shorter are written once. */
const WRITE_INTERVAL_MS = 1_000;
/** Time between two log lines about dropped entries. */
const REPORT_INTERVAL_MS = 30_000;
const CLOSE_TIMEOUT_MS = 5_000;

/**
 * Every client connection: who, to what, by which agent, how much, how long, and how it ended. The data plane reports
 * connections to memory; once a second they are written to a store of their own. If that is slow or fails, the oldest
 * entries in memory are dropped.
 */
export class ConnectionLog {
  readonly #options: ConnectionLogOptions;
  readonly #port: LiveConnectionPort;
  readonly #live = new BriefMap<number, LiveConnection>();
  readonly #writer: LogWriter;
  readonly #denied: DeniedClients;
  readonly #followers = new LogFollowers();
  readonly #nextId: (startedAt: number) => number;
  readonly #now: () => number;
  #reportedDrops = 0;
  #nextReportAt = 0;
  #stopTimer: () => void;

  /** The caller must stop it. */
  constructor(options: ConnectionLogOptions) {
    this.#options = options;
    this.#nextId = connectionIds(options.slot);
    const { clock, open, settings, log } = options;
    this.#now = () => Math.round(clock.wall());
    this.#port = {
      replica: options.replica,
      now: this.#now,
      onChanged: (live) => {
        this.#changed(live);
        this.#followers.add(live.key, () => live.row());
      },
      onEnded: (live, row) => this.#ended(live, row),
    };
    this.#denied = new DeniedClients({ nextId: this.#nextId, replica: options.replica, now: this.#now });
    this.#writer = new LogWriter({
      open,
      limits: settings,
      live: () => this.#live.values(),
      now: this.#now,
      log,
    });
    this.#stopTimer = clock.after(0, () => this.#tick());
  }

  /** Called on the data path: neither waits nor throws. */
  begin(client: LoggedClient): ConnectionEntry {
    const live = new LiveConnection(this.#nextId(this.#now()), client, this.#port);
    this.#live.set(live.key, live);
    this.#changed(live);
    return live;
  }

  /** Called on the data path: neither waits nor throws. */
  denied(client: DeniedClient): void {
    const first = this.#denied.add(client);
    if (first !== undefined) this.#followers.add(first.id, () => first);
  }

  /** Whether entries are written to the store. */
  get isStored(): boolean {
    return this.#options.settings().isStored;
  }

  /** Entries that were dropped because the store did not take them in time. */
  get dropped(): number {
    return this.#writer.dropped;
  }

  /** Entries in memory that wait to be written. */
  get pending(): number {
    return this.#writer.pending;
  }

  /** Returns the entries that match, newest first, with the current state of open connections. Rejects with StoreError. */
  async list(query: ConnectionLogQuery): Promise<readonly ConnectionLogRow[]> {
    if (!this.isStored) return [];
    return this.#read((store) => store.list(query));
  }

  /** Returns the entries with these ids, in any order. Rejects with StoreError. */
  async byIds(ids: readonly string[]): Promise<readonly ConnectionLogRow[]> {
    if (!this.isStored || ids.length === 0) return [];
    return this.#read((store) => store.byIds(ids.map(Number)));
  }

  /** The clients that are connected now, those of one connection or all, each read when the caller reaches it. */
  *live(connection?: string): Generator<LiveConnection, void> {
    for (const live of this.#live.values()) {
      if (connection === undefined || live.connection === connection) yield live;
    }
  }

  /** The client with this ID, if it is connected. */
  liveById(id: string): LiveConnection | undefined {
    return this.#live.get(Number(id));
  }

  get followers(): LogFollowers {
    return this.#followers;
  }

  /** Writes what is pending, as far as the store takes it within a few seconds. Call it after the last connection ended. */
  async stop(): Promise<void> {
    this.#stopTimer();
    this.#followers.close();
    this.#writeDenied(true);
    await this.#writer.close(CLOSE_TIMEOUT_MS);
  }

  #changed(live: LiveConnection): void {
    if (this.isStored) this.#writer.changed(live);
  }

  #ended(live: LiveConnection, row: ConnectionLogRow): void {
    this.#live.delete(live.key);
    if (this.isStored) this.#writer.ended(row, live);
    this.#followers.add(row.id, () => row);
  }

  #tick(): void {
    this.#stopTimer = this.#options.clock.after(WRITE_INTERVAL_MS, () => this.#tick());
    this.#followers.publish();
    this.#writeDenied(false);
    if (!this.isStored) return;
    this.#writer.start();
    this.#reportDrops();
  }

  #writeDenied(isForced: boolean): void {
    for (const row of this.#denied.take(isForced)) if (this.isStored) this.#writer.ended(row);
  }

  #reportDrops(): void {
    const dropped = this.#writer.dropped - this.#reportedDrops;
    const now = this.#options.clock.now();
    if (dropped === 0 || now < this.#nextReportAt) return;
    this.#nextReportAt = now + REPORT_INTERVAL_MS;
    this.#reportedDrops += dropped;
    this.#options.log('connection-log-overflowed', { dropped });
  }

  async #read(
    read: (store: ConnectionLogStore) => Promise<readonly ConnectionLogRow[]>,
  ): Promise<readonly ConnectionLogRow[]> {
    this.#writeDenied(true);
    const rows = await this.#writer.read(read);
    const own = this.#options.replica ?? null;
    return rows.map((row) => (row.replica === own ? this.#live.get(row.id)?.row() : undefined) ?? row);
  }
}
