import { type Clock, inSlices } from '@penstock/runtime';
import type { AgentRow, Store } from '@penstock/store';
import { areSameMembers, type Member, memberOf } from './member.ts';
import { NameIndex } from './name-index.ts';

type RosterStore = Pick<Store, 'agents' | 'identities'>;

/** What a refresh needs and reports. Its methods must not throw. */
export type RosterRefresh = {
  /** Whether the agent has a session: such a member stays although the store no longer has it. */
  readonly isConnected: (member: Member) => boolean;
  /** The store says that this member is revoked, which was not known here. */
  readonly onRevoked: (member: Member) => void;
  readonly onRemoved: (member: Member) => void;
};

/** Rows of one statement: few enough that decoding them does not delay the data path. */
const PAGE_ROWS = 200;

/**
 * All agents on record, in memory: an absent agent can be listed while the store does not answer, and no listing waits
 * for the store. Revoked agents stay until their certificate would have expired. So do agents that have a valid
 * certificate but no row in the store.
 */
export class Roster {
  readonly #store: RosterStore;
  readonly #clock: Clock;
  readonly #members = new Map<string, Member>();
  readonly #names = new NameIndex();
  /** Ids of members changed here after the current refresh began. */
  readonly #changed = new Set<string>();

  private constructor(store: RosterStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Throws StoreError. */
  static async load(store: RosterStore, clock: Clock): Promise<Roster> {
    const roster = new Roster(store, clock);
    for await (const page of readAll(store, clock.wall())) for (const member of page) roster.#set(member);
    return roster;
  }

  /**
   * Reads the store again, for what others wrote to it, and applies each page as it arrives. Throws StoreError; what was
   * not read then stays as it is.
   */
  async refresh({ isConnected, onRevoked, onRemoved }: RosterRefresh): Promise<void> {
    this.#changed.clear();
    const now = this.#clock.wall();
    const seen = new Set<string>();
    for await (const page of readAll(this.#store, now)) {
      for (const member of page) {
        seen.add(member.id);
        const known = this.#members.get(member.id);
        if (this.#changed.has(member.id) || (known !== undefined && areSameMembers(known, member))) continue;
        this.#set(member);
        if (member.revokedAt !== undefined && known?.revokedAt === undefined) onRevoked(member);
      }
    }
    const removeUnlessKept = (member: Member) => {
      if (seen.has(member.id) || this.#changed.has(member.id)) return;
      const isLostAndValid = member.enrolledAt === undefined && (member.identityNotAfter ?? 0) > now;
      if (isLostAndValid || isConnected(member)) return;
      this.#members.delete(member.id);
      this.#names.delete(member);
      onRemoved(member);
    };
    await inSlices(this.#members.values(), removeUnlessKept, this.#clock);
  }

  /** Reads some agents from the store, and returns each with what was known of it. Changes nothing. Throws StoreError. */
  async read(
    ids: readonly string[],
  ): Promise<readonly { readonly member: Member; readonly known: Member | undefined }[]> {
    const found: Member[] = [];
    for (let from = 0; from < ids.length; from += PAGE_ROWS) {
      const rows = await this.#store.agents.byIds(ids.slice(from, from + PAGE_ROWS));
      found.push(...(await membersOf(this.#store, rows)));
    }
    return found.map((member) => ({ member, known: this.#members.get(member.id) }));
  }

  get(id: string): Member | undefined {
    return this.#members.get(id);
  }

  /** The member of this name that is not revoked, otherwise the one that was revoked last. */
  named(name: string): Member | undefined {
    return this.#names.get(name);
  }

  /** Every member, hidden ones included. */
  get members(): Iterable<Member> {
    return this.#members.values();
  }

  /** Names of the listing. */
  get size(): number {
    return this.#names.size;
  }

  /** One member of each name after `cursor`, by name; members may change while the caller iterates. */
  after(cursor: string): Generator<Member, void> {
    return this.#names.after(cursor);
  }

  /** Names of the listing after `cursor`; they may change while the caller iterates. */
  namesAfter(cursor: string): Iterable<string> {
    return this.#names.after(cursor).map(({ name }) => name);
  }

  /** Records what was written to the store, or what the certificate of an agent shows. */
  put(change: Partial<Member> & Pick<Member, 'id' | 'name' | 'pool'>): Member {
    const member: Member = {
      enrolledAt: undefined,
      identityNotAfter: undefined,
      drainedAt: undefined,
      revokedAt: undefined,
      ...this.#members.get(change.id),
      ...change,
    };
    this.#set(member);
    this.#changed.add(member.id);
    return member;
  }

  #set(member: Member): void {
    const known = this.#members.get(member.id);
    if (known !== undefined && known.name !== member.name) this.#names.delete(known);
    this.#members.set(member.id, member);
    this.#names.put(member);
  }
}

/** Every member on record, a page of rows at a time; revoked ones while they have a certificate valid at `now`. */
async function* readAll(store: RosterStore, now: number): AsyncGenerator<readonly Member[], void> {
  yield await membersOf(store, await store.agents.revokedAndUnexpired(now));
  let after = '';
  for (;;) {
    const rows = await store.agents.list({ after, limit: PAGE_ROWS });
    yield await membersOf(store, rows);
    if (rows.length < PAGE_ROWS) return;
    after = rows.at(-1)?.name ?? '';
  }
}

async function membersOf(store: RosterStore, rows: readonly AgentRow[]): Promise<Member[]> {
  const notAfter = await store.identities.notAfterOf(rows.map(({ id }) => id));
  return rows.map((row) => memberOf(row, notAfter.get(row.id)));
}
