/**
 * Of two generations each: the older one is forgotten beyond it, because its time at the peer is limited anyway, and all are told in
 * one burst.
 */
const MAX_ENDED = 512;

/**
 * Connections of one session that the peer may keep although this end does not have them: those that are not joined yet,
 * and those that have ended a moment ago. If the session is lost, the reset or the last acknowledgment may be lost with
 * it, and the peer would wait for a resume that never comes.
 */
export class UntoldEnds {
  readonly #unjoined = new Set<string>();
  #ended = new Set<string>();
  #endedBefore = new Set<string>();

  /** The peer is asked for a connection, and may have it from now on. */
  requested(id: string): void {
    this.#unjoined.add(id);
  }

  /** The peer has said that it does not have the connection. */
  refused(id: string): void {
    this.#unjoined.delete(id);
  }

  joined(id: string): void {
    this.#unjoined.delete(id);
  }

  /** The connection has ended here, and the peer was told on this session. */
  ended(id: string): void {
    this.#unjoined.delete(id);
    this.#ended.add(id);
    // Whole generations: the first of a set is slow to find after many that were deleted.
    if (this.#ended.size >= MAX_ENDED) this.#turn();
  }

  /** The connection has ended here unless it was joined. */
  abandoned(id: string): void {
    if (this.#unjoined.has(id)) this.ended(id);
  }

  /** The peer has answered a ping. What it was told before the ping, which followed the previous answer, has arrived. */
  confirm(): void {
    this.#turn();
  }

  /** What the peer may not know, when the session is lost. Forgets it. */
  take(): readonly string[] {
    const ids = [...this.#unjoined, ...this.#endedBefore, ...this.#ended];
    for (const each of [this.#unjoined, this.#endedBefore, this.#ended]) each.clear();
    return ids;
  }

  #turn(): void {
    this.#endedBefore = this.#ended;
    this.#ended = new Set();
  }
}
