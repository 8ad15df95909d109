import { type Acknowledgment, Acknowledgments } from './acknowledgments.ts';
import type { FarLink, LinkListener, SessionLoss } from './far-end.ts';

/** The links of one session: whose connections outlive it, and what was acknowledged on it. */
export class SessionLinks {
  readonly #listeners = new Map<string, LinkListener>();
  readonly #acknowledgments: Acknowledgments;

  /** `send` sends a message to the peer, or drops it once the session has ended. */
  constructor(send: (batch: Acknowledgment[]) => void) {
    this.#acknowledgments = new Acknowledgments(send);
  }

  /** The link of the connection `id`, for a stream of this session. */
  link(id: string): FarLink {
    let current: LinkListener | undefined;
    return {
      id,
      acknowledge: (source, isUrgent) => this.#acknowledgments.add(source, isUrgent),
      open: (listener) => {
        current = listener;
        this.#listeners.set(id, listener);
      },
      close: () => {
        // The connection may have moved to a further stream of this session.
        if (current !== undefined && this.#listeners.get(id) === current) this.#listeners.delete(id);
      },
    };
  }

  /** Passes on what the peer has acknowledged. A connection that has ended is ignored. */
  acknowledged(batch: readonly Acknowledgment[]): void {
    for (const { id, received } of batch) this.#listeners.get(id)?.onAcknowledged(received);
  }

  /** The session retires. */
  retire(): void {
    for (const listener of [...this.#listeners.values()]) listener.onRetiring();
  }

  /** The session was lost, but its connections are not. Call `stop` next. */
  lose(loss: SessionLoss): void {
    for (const listener of [...this.#listeners.values()]) listener.onLost(loss);
  }

  /** Sends nothing more. */
  stop(): void {
    this.#acknowledgments.stop();
    this.#listeners.clear();
  }
}
