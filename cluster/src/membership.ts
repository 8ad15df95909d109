import type { Clock } from '@penstock/runtime';
import { errorText } from '@penstock/wire';
import type { Replica, ReplicaRow, ReplicaState, ReplicaStore } from './replica.ts';

/** Milliseconds for which a replica is a member after its last renewal. */
const LEASE_MS = 15_000;
const RENEWAL_INTERVAL_MS = 5_000;
/** Time between two reads that others ask for, as a peer with an unknown key does. */
const REFRESH_INTERVAL_MS = 1_000;

/** A replica in memory. `isExpired`: its lease had expired when the store was last read. */
export type Member = ReplicaRow & { readonly isExpired: boolean };

export type MembershipOptions = {
  readonly store: ReplicaStore;
  readonly self: Replica;
  readonly clock: Clock;
  /** The store does not answer, or another process has taken the row of this one. Called at most once per renewal. */
  readonly onFailed: (detail: string) => void;
  /** The store answers again. */
  readonly onRecovered: () => void;
};

/**
 * The replicas of the cluster, in memory, and the lease of this one. What was read last stays while the store does not
 * answer: peers go on working together, and only their leases show its age.
 */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #listeners = new Set<() => void>();
  readonly #stopping = new AbortController();
  #self: Replica;
  #idSlot: number | undefined;
  #members: readonly Member[] = [];
  /** Monotonic: the end of the own lease, and when the store was last read. */
  #heldUntil = 0;
  #readAt = 0;
  #clockOffset = 0;
  #health: 'working' | 'failing' = 'working';
  #reading: Promise<void> | undefined;
  #stopTimer = () => {};
  #renewing: Promise<void> = Promise.resolve();

  private constructor(options: MembershipOptions) {
    this.#options = options;
    this.#self = options.self;
  }

  /** Enters this replica and reads the others. Rejects with the error of the store; then nothing goes on. */
  static async join(options: MembershipOptions): Promise<Membership> {
    const membership = new Membership(options);
    await membership.#join();
    await membership.#read();
    membership.#schedule();
    return membership;
  }

  get self(): Replica {
    return this.#self;
  }

  /** The residue class, modulo 128, of the ids that this replica gives to connections. No other replica has it. */
  get idSlot(): number {
    return this.#idSlot ?? 0;
  }

  /** All replicas of the last read by id, this one and expired ones included. */
  get members(): readonly Member[] {
    return this.#members;
  }

  /** Milliseconds until the own lease ends, on the monotonic clock from before it was renewed; 0 when it has ended. */
  get leaseRemaining(): number {
    return Math.max(0, this.#heldUntil - this.#options.clock.now());
  }

  /** Milliseconds since the store was last read. */
  get age(): number {
    return this.#options.clock.now() - this.#readAt;
  }

  /** Milliseconds that the clock of the database is ahead of this host's, as of the last renewal. */
  get clockOffset(): number {
    return this.#clockOffset;
  }

  /** Calls `listener` when a read has found another set of replicas, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Reads the replicas again, unless that was done a moment ago. Never rejects. */
  async refresh(): Promise<void> {
    if (this.#stopping.signal.aborted || this.age < REFRESH_INTERVAL_MS) return;
    await this.#attempt(() => this.#read());
  }

  /** Shows the others that this replica drains, or that its configuration has changed. Never rejects. */
  async update(set: { readonly state?: ReplicaState; readonly configDigest?: string }): Promise<void> {
    this.#self = { ...this.#self, ...set };
    await this.#attempt(async () => {
      if (!(await this.#options.store.update(this.#self, set))) await this.#join();
      await this.#read();
    });
  }

  /** Stops renewing, and removes the row if the store answers. Never rejects. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#stopTimer();
    await this.#renewing;
    try {
      await this.#options.store.leave(this.#self);
    } catch {
      // The lease expires.
    }
  }

  #schedule(): void {
    if (this.#stopping.signal.aborted) return;
    this.#stopTimer = this.#options.clock.after(RENEWAL_INTERVAL_MS, () => {
      this.#renewing = this.#attempt(() => this.#renew()).then(() => this.#schedule());
    });
  }

  async #renew(): Promise<void> {
    const { store, clock } = this.#options;
    const before = clock.now();
    const wall = clock.wall();
    const times = await store.renew(this.#self, LEASE_MS);
    if (times === undefined) await this.#join();
    else this.#hold(before, wall, times.now);
    await this.#read();
  }

  async #join(): Promise<void> {
    const { store, clock } = this.#options;
    const before = clock.now();
    const wall = clock.wall();
    const { now, idSlot } = await store.join(
      { ...this.#self, ...(this.#idSlot !== undefined && { idSlot: this.#idSlot }) },
      LEASE_MS,
    );
    this.#idSlot = idSlot;
    this.#hold(before, wall, now);
  }

  #hold(before: number, wall: number, now: number): void {
    const { clock } = this.#options;
    this.#heldUntil = before + LEASE_MS;
    // The database read its clock between the two, so half of the round trip is the best guess.
    this.#clockOffset = Math.round(now - (wall + (clock.now() - before) / 2));
  }

  #read(): Promise<void> {
    this.#reading ??= this.#readNow().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readNow(): Promise<void> {
    const rows = await this.#options.store.list();
    this.#readAt = this.#options.clock.now();
    const members = rows.map(({ now, ...row }) => ({ ...row, isExpired: row.expiresAt <= now }));
    const isChanged = describe(members) !== describe(this.#members);
    this.#members = members;
    if (isChanged) for (const listener of this.#listeners) listener();
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      if (this.#health === 'failing') this.#options.onRecovered();
      this.#health = 'working';
    } catch (error) {
      if (this.#health === 'working') this.#options.onFailed(errorText(error));
      this.#health = 'failing';
    }
  }
}

/** Everything about the members that others react to; renewals alone are no change. */
const describe = (members: readonly Member[]) =>
  JSON.stringify(members.map(({ expiresAt: _, ...rest }) => rest));
