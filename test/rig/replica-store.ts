import type { LeaseTimes, Replica, ReplicaRow, ReplicaStore } from '@penstock/cluster';

/** A fake of the table of replicas, in memory, which fails on request. All gateways of one test share it. */
export class FakeReplicaStore implements ReplicaStore {
  readonly rows = new Map<string, ReplicaRow>();
  /** Whether every call rejects, as when the database is away. */
  isAway = false;
  /** Added to the clock, in milliseconds. */
  clockOffset = 0;
  #joined = 0;

  get #now(): number {
    if (this.isAway) throw new Error('The store does not answer.');
    return Date.now() + this.clockOffset;
  }

  async join(
    replica: Replica & { readonly idSlot?: number },
    ttl: number,
  ): Promise<LeaseTimes & { readonly idSlot: number }> {
    const now = this.#now;
    const { idSlot = this.#joined++ } = replica;
    this.rows.set(replica.id, { ...replica, idSlot, startedAt: now, expiresAt: now + ttl });
    return { now, expiresAt: now + ttl, idSlot };
  }

  async renew({ id, epoch }: Pick<ReplicaRow, 'id' | 'epoch'>, ttl: number): Promise<LeaseTimes | undefined> {
    const now = this.#now;
    const row = this.rows.get(id);
    if (row?.epoch !== epoch) return undefined;
    this.rows.set(id, { ...row, expiresAt: now + ttl });
    return { now, expiresAt: now + ttl };
  }

  async update(
    { id, epoch }: Pick<ReplicaRow, 'id' | 'epoch'>,
    set: Partial<Pick<ReplicaRow, 'state' | 'configDigest'>>,
  ): Promise<boolean> {
    void this.#now;
    const row = this.rows.get(id);
    if (row?.epoch !== epoch) return false;
    this.rows.set(id, { ...row, ...set });
    return true;
  }

  async leave({ id, epoch }: Pick<ReplicaRow, 'id' | 'epoch'>): Promise<boolean> {
    void this.#now;
    return this.rows.get(id)?.epoch === epoch && this.rows.delete(id);
  }

  async list(): Promise<(ReplicaRow & { readonly now: number })[]> {
    const now = this.#now;
    return [...this.rows.values()]
      .toSorted((one, other) => (one.id < other.id ? -1 : 1))
      .map((row) => ({ ...row, now }));
  }
}
