import type { Clock } from '@penstock/runtime';
import type { Repositories, Store } from '@penstock/store';

/** The lease of a leader, which its writes check. */
export type Fence = { readonly name: string; readonly holder: string; readonly epoch: number };

/** Which one gateway evaluates alerts, runs rollouts and prunes. */
export type Leadership = {
  readonly isLeader: boolean;
  /** The epoch under which this gateway leads. Undefined while another one does, or while the store is away. */
  readonly epoch: number | undefined;
  /** Checks in a transaction that nobody has taken over. Rejects with LeadershipLostError otherwise. */
  requireLead(inside: Pick<Repositories, 'leases'>): Promise<void>;
  /** Calls `listener` when this gateway becomes the leader or is no longer. Returns what unsubscribes it. */
  onChange(listener: (isLeader: boolean) => void): () => void;
  /** Runs `work` now and then while this gateway is the leader. What it rejects with is reported. */
  addDuty(work: () => Promise<void>): void;
  /** Which gateway goes on while the store is away: the one of which this is true. Default: the last leader. */
  rankBy(isFirst: () => boolean): void;
  /** Whether no other gateway can know more of the fleet than this one. Otherwise one may lead that does. Default: none can. */
  viewBy(isWhole: () => boolean): void;
  /** Lets another gateway take over now. This one does not become the leader again. Never rejects. */
  resign(): Promise<void>;
};

/** A write was not made, because another gateway has become the leader. */
export class LeadershipLostError extends Error {
  override readonly name = 'LeadershipLostError';
}

export type LeadershipOptions = {
  readonly store: Pick<Store, 'leases' | 'transaction'>;
  /** New at each start of the gateway. */
  readonly epoch: string;
  readonly clock: Clock;
  /** Milliseconds that the clock of the database is ahead of this host's. Called at each renewal. */
  readonly onClockOffset: (offset: number) => void;
  /** Called when the store or a duty fails, once until it succeeds again. */
  readonly onFailed: (error: unknown) => void;
};

const LEADER = 'leader';
const LEASE_MS = 15_000;
const RENEWAL_INTERVAL_MS = 5_000;
const DUTY_INTERVAL_MS = 15_000;
/**
 * A leader that has not reached another gateway for this time gives the lead up. One that was killed no longer counts then, so this is
 * a partition, and a third gateway may reach both.
 */
const MAX_PARTIAL_MS = 20_000;
/** A gateway that does not reach another one leaves a free lead to the others for this time. */
const YIELD_MS = 15_000;
/** If none has taken it, it is offered again after this time. */
const YIELD_INTERVAL_MS = 300_000;

type State =
  | { readonly name: 'follower' }
  | { readonly name: 'leader'; readonly fence: Fence; readonly heldUntil: number }
  /** The store is away, and this gateway goes on without a lease: alerts are sent twice rather than never. */
  | { readonly name: 'unfenced'; readonly fence: Fence | undefined };

/** The name of the lease by which a gateway shows that it runs. */
export const lifeOf = (epoch: string) => `gateway:${epoch}`;

/**
 * One leader among the gateways on a store: whoever holds a lease in it. Each of its writes checks the epoch of that
 * lease in the same transaction, so one that was paused and replaced writes nothing more. Leases go by the clock of the
 * database, and the holder counts its own from before it asked, on its monotonic clock. The lead moves to a gateway that reaches all
 * others, if there is one: what a leader does not see, it can only guess.
 */
export class LeasedLeadership implements Leadership {
  readonly #options: LeadershipOptions;
  readonly #listeners = new Set<(isLeader: boolean) => void>();
  readonly #duties: (() => Promise<void>)[] = [];
  #life: Fence;
  #state: State = { name: 'follower' };
  /** When the store answered last. */
  #answeredAt: number;
  #dutiesDoneAt = Number.NEGATIVE_INFINITY;
  #isFirst: (() => boolean) | undefined;
  #isWhole: () => boolean = () => true;
  /** Since when it has not reached another gateway. */
  #partialSince: number | undefined;
  /** When it last left the lead to others since then, or took it because none of them did. */
  #yieldedAt: number | undefined;
  /** Since when it has seen the lead free. */
  #freeSince: number | undefined;
  #running: Promise<void> = Promise.resolve();
  #cancel: () => void = () => {};
  #hasFailed = false;
  #mayLead = true;
  #hasStopped = false;

  private constructor(options: LeadershipOptions, life: Fence) {
    this.#options = options;
    this.#life = life;
    this.#answeredAt = options.clock.now();
  }

  /** Shows that this gateway runs, and takes the lead if nobody has it. Rejects with StoreError. */
  static async open(options: LeadershipOptions): Promise<LeasedLeadership> {
    const name = lifeOf(options.epoch);
    const leadership = new LeasedLeadership(options, { name, holder: options.epoch, epoch: 0 });
    await leadership.#round();
    leadership.#schedule();
    return leadership;
  }

  get isLeader(): boolean {
    const state = this.#state;
    if (state.name === 'unfenced') return true;
    return state.name === 'leader' && this.#options.clock.now() < state.heldUntil;
  }

  get epoch(): number | undefined {
    const state = this.#state;
    return state.name === 'leader' && this.isLeader ? state.fence.epoch : undefined;
  }

  async requireLead({ leases }: Pick<Repositories, 'leases'>): Promise<void> {
    const { fence } = this.#state.name === 'follower' ? { fence: undefined } : this.#state;
    if (fence !== undefined && (await leases.isHeld(fence))) return;
    throw new LeadershipLostError('Another gateway is the leader now.');
  }

  onChange(listener: (isLeader: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  addDuty(work: () => Promise<void>): void {
    this.#duties.push(work);
  }

  rankBy(isFirst: () => boolean): void {
    this.#isFirst = isFirst;
  }

  viewBy(isWhole: () => boolean): void {
    this.#isWhole = isWhole;
  }

  async resign(): Promise<void> {
    this.#mayLead = false;
    await this.#running;
    const state = this.#state;
    this.#setState({ name: 'follower' });
    if (state.name === 'follower' || state.fence === undefined) return;
    await this.#options.store.leases.release(state.fence).catch(() => {});
  }

  /** Gives up the lead and the sign of life. Never rejects. */
  async stop(): Promise<void> {
    this.#hasStopped = true;
    this.#cancel();
    await this.resign();
    this.#listeners.clear();
    await this.#options.store.leases.drop(this.#life).catch(() => {});
  }

  #schedule(): void {
    if (this.#hasStopped) return;
    this.#cancel = this.#options.clock.after(RENEWAL_INTERVAL_MS, () => {
      this.#running = this.#attempt().then(() => this.#schedule());
    });
  }

  async #attempt(): Promise<void> {
    try {
      await this.#round();
      await this.#doDuties();
      this.#hasFailed = false;
    } catch (error) {
      this.#withoutStore();
      if (!this.#hasFailed) this.#options.onFailed(error);
      this.#hasFailed = true;
    }
  }

  /** Renews what this gateway holds, and takes the lead if it is free. */
  async #round(): Promise<void> {
    const { store, epoch, clock, onClockOffset } = this.#options;
    const before = clock.now();
    const wall = clock.wall();
    let times = await store.leases.renew(this.#life, LEASE_MS);
    if (times === undefined) {
      const taken = await store.leases.take(this.#life.name, epoch, LEASE_MS);
      if (taken !== undefined) this.#life = { ...this.#life, epoch: taken.epoch };
      times = taken;
    }
    this.#answeredAt = clock.now();
    // The database read its clock between the two, so half of the round trip is the best guess.
    if (times !== undefined) onClockOffset(Math.round(times.now - (wall + (clock.now() - before) / 2)));
    if (this.#mayLead) await this.#lead(times?.now ?? 0);
  }

  async #lead(now: number): Promise<void> {
    const { store, epoch, clock } = this.#options;
    const state = this.#state;
    const before = clock.now();
    if (state.name !== 'follower' && state.fence !== undefined) {
      const { fence } = state;
      const mayYield = clock.now() - (this.#yieldedAt ?? Number.NEGATIVE_INFINITY) >= YIELD_INTERVAL_MS;
      if (state.name === 'leader' && this.#isPartialFor(MAX_PARTIAL_MS) && mayYield) {
        this.#yieldedAt = clock.now();
        this.#setState({ name: 'follower' });
        await store.leases.release(fence);
        return;
      }
      const isHeld = (await store.leases.renew(fence, LEASE_MS)) !== undefined;
      if (isHeld) return this.#setState({ name: 'leader', fence, heldUntil: before + LEASE_MS });
      this.#setState({ name: 'follower' });
    }
    const current = await store.leases.of(LEADER);
    if (current !== undefined && current.expiresAt > now) {
      this.#freeSince = undefined;
      return this.#setState({ name: 'follower' });
    }
    this.#freeSince ??= before;
    if (this.#isPartialFor(0) && before - this.#freeSince < YIELD_MS)
      return this.#setState({ name: 'follower' });
    // In a transaction, so that the writes of the last leader come either before or after.
    const taken = await store.transaction((inside) => inside.leases.take(LEADER, epoch, LEASE_MS));
    if (taken === undefined) return this.#setState({ name: 'follower' });
    this.#freeSince = undefined;
    this.#yieldedAt = this.#isPartialFor(0) ? before : undefined;
    const fence = { name: LEADER, holder: epoch, epoch: taken.epoch };
    this.#setState({ name: 'leader', fence, heldUntil: before + LEASE_MS });
  }

  /** Whether it has not reached another gateway for so long. */
  #isPartialFor(milliseconds: number): boolean {
    const now = this.#options.clock.now();
    if (this.#isWhole()) {
      this.#partialSince = undefined;
      this.#yieldedAt = undefined;
      return false;
    }
    this.#partialSince ??= now;
    return now - this.#partialSince >= milliseconds;
  }

  /** Nobody's lease can be renewed now. When they have all ended, one gateway goes on. */
  #withoutStore(): void {
    const { clock } = this.#options;
    if (!this.#mayLead) return;
    const state = this.#state;
    const hasEnded =
      state.name === 'leader' ? clock.now() >= state.heldUntil : clock.now() - this.#answeredAt >= LEASE_MS;
    if (!hasEnded) return;
    const isFirst = this.#isFirst?.() ?? state.name !== 'follower';
    const fence = state.name === 'follower' ? undefined : state.fence;
    this.#setState(isFirst ? { name: 'unfenced', fence } : { name: 'follower' });
  }

  async #doDuties(): Promise<void> {
    const { clock } = this.#options;
    if (this.#state.name !== 'leader' || clock.now() - this.#dutiesDoneAt < DUTY_INTERVAL_MS) return;
    this.#dutiesDoneAt = clock.now();
    for (const duty of this.#duties) await duty();
  }

  #setState(next: State): void {
    const before = this.#state;
    this.#state = next;
    const [was, is] = [before, next].map(({ name }) => name !== 'follower');
    if (was !== is && is !== undefined) for (const listener of [...this.#listeners]) listener(is);
  }
}

/** The only gateway on a store leads it, without a lease. */
export const soleLeadership: Leadership = {
  isLeader: true,
  epoch: 1,
  async requireLead() {},
  onChange: () => () => {},
  addDuty() {},
  rankBy() {},
  viewBy() {},
  async resign() {},
};
