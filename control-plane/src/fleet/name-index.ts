import type { Member } from './member.ts';

/**
 * Members by name, in the order of names by code units, as the store sorts. An agent that is enrolled again under the
 * same name is another member; one member of each name is listed: the enrolled one, else one that the store has lost,
 * else the one that was revoked last.
 */
export class NameIndex {
  /** Sorted. */
  readonly #names: string[] = [];
  readonly #members = new Map<string, readonly Member[]>();

  /** Names that have a member. */
  get size(): number {
    return this.#names.length;
  }

  /** Adds a member, or replaces the one with its id. */
  put(member: Member): void {
    const known = this.#members.get(member.name);
    if (known === undefined) this.#names.splice(this.#placeAfter(member.name), 0, member.name);
    const others = known?.filter(({ id }) => id !== member.id) ?? [];
    this.#members.set(member.name, [...others, member]);
  }

  delete({ id, name }: Pick<Member, 'id' | 'name'>): void {
    const others = this.#members.get(name)?.filter((each) => each.id !== id);
    if (others === undefined) return;
    if (others.length > 0) {
      this.#members.set(name, others);
      return;
    }
    this.#members.delete(name);
    this.#names.splice(this.#placeAfter(name) - 1, 1);
  }

  /** The listed member of a name. */
  get(name: string): Member | undefined {
    return this.#members.get(name)?.reduce(preferred);
  }

  /**
   * The listed members with a name after `cursor`, all when it is empty. The index may change while the caller iterates:
   * a name that stays is visited once.
   */
  *after(cursor: string): Generator<Member, void> {
    let last = cursor;
    let place = this.#placeAfter(last);
    for (;;) {
      const name = this.#names[place];
      if (name === undefined) return;
      const member = this.get(name);
      if (member !== undefined) yield member;
      last = name;
      place = this.#names[place] === last ? place + 1 : this.#placeAfter(last);
    }
  }

  /** Index of the first name after `name`. */
  #placeAfter(name: string): number {
    let low = 0;
    let high = this.#names.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#names[middle];
      if (other !== undefined && other <= name) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The revoked come last; of equals the newer wins. */
function preferred(one: Member, other: Member): Member {
  const difference = rankOf(other) - rankOf(one);
  if (difference !== 0) return difference > 0 ? other : one;
  return (other.revokedAt ?? 0) >= (one.revokedAt ?? 0) ? other : one;
}

const rankOf = ({ revokedAt, enrolledAt }: Member): number =>
  revokedAt !== undefined ? 0 : enrolledAt === undefined ? 1 : 2;
