import { type MessageStream, type OwnerMessage, peerLimits } from '@penstock/cluster';

/** The connection log of this gateway, as far as other replicas follow it. */
export type FollowedLog = {
  /** Calls `listener` with entries, until the returned function is called. */
  forward(listener: (entries: readonly object[]) => void): () => void;
};

/** Sends a peer the entries of the log while it wants them. One that reads too slowly misses some. */
export class LogForwarder {
  readonly #messages: Pick<MessageStream<OwnerMessage>, 'send' | 'isLagging'>;
  readonly #log: FollowedLog;
  #stop: (() => void) | undefined;

  constructor(messages: Pick<MessageStream<OwnerMessage>, 'send' | 'isLagging'>, log: FollowedLog) {
    this.#messages = messages;
    this.#log = log;
  }

  set(isWanted: boolean): void {
    this.#stop?.();
    this.#stop = isWanted ? this.#log.forward((entries) => this.#send(entries)) : undefined;
  }

  #send(entries: readonly object[]): void {
    for (let at = 0; at < entries.length; at += peerLimits.logEntries) {
      if (this.#messages.isLagging) return;
      this.#messages.send({ type: 'log-entries', entries: entries.slice(at, at + peerLimits.logEntries) });
    }
  }
}
