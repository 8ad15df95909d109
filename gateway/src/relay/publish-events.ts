import { type MessageStream, type OwnerMessage, peerLimits } from '@penstock/cluster';

/** Events of the fleet as one replica tells the others of them; see the message `events`. */
export type PeerEvents = {
  readonly stream: string;
  readonly first: number;
  readonly keys: readonly string[];
  readonly event?: { readonly type: string; readonly data: object } | undefined;
};

/** The events of this gateway. */
export type EventSource = {
  /** Calls `listener` with the last ones, and with each one from now on, until the returned function is called. */
  follow(listener: (published: PeerEvents) => void): () => void;
};

/**
 * Tells a peer which events this gateway has published, so that a listener can go on there. A peer that reads too slowly misses
 * some, and then knows only what comes after the gap.
 */
export function publishEvents(
  messages: Pick<MessageStream<OwnerMessage>, 'send' | 'isLagging'>,
  source: EventSource,
): () => void {
  return source.follow(({ stream, first, keys, event }) => {
    if (messages.isLagging) return;
    // Without events, the peer learns where they begin.
    for (let at = 0; at === 0 || at < keys.length; at += peerLimits.eventKeys) {
      const part = keys.slice(at, at + peerLimits.eventKeys);
      messages.send({ type: 'events', stream, first: first + at, keys: part, ...(event && { event }) });
    }
  });
}
