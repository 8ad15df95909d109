/**
 * A set of objects that come and go, which keeps none that has left alive (see `BriefMap`). It is a list, so adding and leaving cost less
 * than the hash of a Set. What is added twice is in it twice.
 */
export class BriefSet<Member extends {}> implements Iterable<Member> {
  #first: Node<Member> | undefined;
  #last: Node<Member> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The one that was added first. */
  get first(): Member | undefined {
    return this.#first?.member;
  }

  /** Returns what the caller must call when the member leaves. Further calls do nothing. */
  add(member: Member): () => void {
    const node: Node<Member> = { member, before: this.#last, after: undefined };
    if (this.#last === undefined) this.#first = node;
    else this.#last.after = node;
    this.#last = node;
    this.#size += 1;
    return () => this.#remove(node);
  }

  clear(): void {
    for (let node = this.#first; node !== undefined; node = this.#first) this.#remove(node);
  }

  /** Those that are members when the first one is read, without those that leave before it is their turn. */
  *[Symbol.iterator](): Generator<Member, void> {
    const nodes: Node<Member>[] = [];
    for (let node = this.#first; node !== undefined; node = node.after) nodes.push(node);
    for (const { member } of nodes) if (member !== undefined) yield member;
  }

  #remove(node: Node<Member>): void {
    if (node.member === undefined) return;
    const { before, after } = node;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    // A node that is dead, but not collected, would keep its neighbors alive.
    node.member = undefined;
    node.before = undefined;
    node.after = undefined;
    this.#size -= 1;
  }
}

type Node<Member> = {
  /** Undefined once it has left. */
  member: Member | undefined;
  before: Node<Member> | undefined;
  after: Node<Member> | undefined;
};
