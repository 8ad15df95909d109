import type { OwnerMessage } from '@penstock/cluster';

/** A message that has its place among others. */
export type NumberedMessage = Extract<OwnerMessage, { readonly seq: number }>;

/**
 * The order of the messages that describe a peer's sessions. They are numbered, and one that is missing makes the rest
 * worthless until the next snapshot.
 */
export class MessageOrder {
  /** `snapshot`: what arrives counts only from the next snapshot on. */
  #expected: number | 'snapshot' = 'snapshot';

  /** Everything before the next snapshot is worthless: the peer has connected, or something was missing. */
  restart(): void {
    this.#expected = 'snapshot';
  }

  /** Whether a message counts; `gap`: it is the first after one that is missing. */
  take({ type, seq }: NumberedMessage): 'counts' | 'worthless' | 'gap' {
    if (type === 'snapshot') {
      this.#expected = seq + 1;
      return 'counts';
    }
    if (this.#expected === 'snapshot') return 'worthless';
    if (seq !== this.#expected) {
      this.restart();
      return 'gap';
    }
    this.#expected += 1;
    return 'counts';
  }
}
