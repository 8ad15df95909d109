import type { AgentRow, Store } from '@penstock/store';

/** What the store knows of an agent. Times are milliseconds since 1970. */
export type Member = {
  readonly id: string;
  readonly name: string;
  readonly pool: string;
  /** Undefined for an agent whose certificate is good and that the store has lost. */
  readonly enrolledAt: number | undefined;
  readonly identityNotAfter: number | undefined;
  readonly drainedAt: number | undefined;
  readonly revokedAt: number | undefined;
};

type RosterStore = Pick<Store, 'agents' | 'identities'>;

const PAGE = 500;

/**
 * All agents on record, in memory: who is away can be told while the store does not answer, and no listing waits for it.
 * Revoked agents stay for as long as their certificate would have been good.
 */
export class Roster {
  readonly #store: RosterStore;
  readonly #clock: () => number;
  #members: Map<string, Member>;
  /** Who was changed here since the last reading of the store began. */
  readonly #changed = new Set<string>();
  #readAt: number;

  private constructor(store: RosterStore, clock: () => number, members: Map<string, Member>) {
    this.#store = store;
    this.#clock = clock;
    this.#members = members;
    this.#readAt = clock();
  }

  /** `clock` gives milliseconds since 1970. Throws StoreError. */
  static async load(store: RosterStore, clock: () => number): Promise<Roster> {
    return new Roster(store, clock, await readAll(store, clock()));
  }

  /** When the store was read last. */
  get readAt(): number {
    return this.#readAt;
  }

  /** Reads the store again, for what others wrote there. Keeps what it has when that throws StoreError. */
  async refresh(): Promise<void> {
    this.#changed.clear();
    const read = await readAll(this.#store, this.#clock());
    for (const [id, member] of this.#members) {
      if (this.#changed.has(id) || member.enrolledAt === undefined) read.set(id, member);
    }
    this.#members = read;
    this.#readAt = this.#clock();
  }

  get(id: string): Member | undefined {
    return this.#members.get(id);
  }

  /** The one of this name that is not revoked; otherwise one that was. */
  named(name: string): Member | undefined {
    let revoked: Member | undefined;
    for (const member of this.#members.values()) {
      if (member.name !== name) continue;
      if (member.revokedAt === undefined) return member;
      revoked = member;
    }
    return revoked;
  }

  get members(): Iterable<Member> {
    return this.#members.values();
  }

  /** Notes what has been written to the store, or what an agent's certificate says. */
  put(change: Partial<Member> & Pick<Member, 'id' | 'name' | 'pool'>): Member {
    const member: Member = {
      enrolledAt: undefined,
      identityNotAfter: undefined,
      drainedAt: undefined,
      revokedAt: undefined,
      ...this.#members.get(change.id),
      ...change,
    };
    this.#members.set(member.id, member);
    this.#changed.add(member.id);
    return member;
  }
}

async function readAll(store: RosterStore, now: number): Promise<Map<string, Member>> {
  const members = new Map<string, Member>();
  const take = async (rows: readonly AgentRow[]) => {
    const notAfter = await store.identities.notAfterOf(rows.map(({ id }) => id));
    for (const row of rows) members.set(row.id, memberOf(row, notAfter.get(row.id)));
  };
  await take(await store.agents.revokedAndUnexpired(now));
  let after = '';
  for (;;) {
    const rows = await store.agents.list({ after, limit: PAGE });
    await take(rows);
    if (rows.length < PAGE) return members;
    after = rows.at(-1)?.name ?? '';
  }
}

const memberOf = (row: AgentRow, identityNotAfter: number | undefined): Member => ({
  id: row.id,
  name: row.name,
  pool: row.pool,
  enrolledAt: row.createdAt,
  identityNotAfter,
  drainedAt: row.drainedAt ?? undefined,
  revokedAt: row.revokedAt ?? undefined,
});
