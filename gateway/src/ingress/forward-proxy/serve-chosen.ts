import type { IngressServices } from '../ingress-handler.ts';
import type { RoutedClient } from '../routed-client.ts';
import type { Choice } from './choose-connection.ts';

type Chosen = Extract<Choice, { readonly outcome: 'chosen' }>;

/**
 * Serves a client of a forward proxy with the chosen connection, and resets it when its grant expires or is revoked.
 * Throws TunnelError LIMIT_EXCEEDED if connection or grant has reached its maxConnections; the client then still
 * belongs to the caller.
 */
export function serveChosen(
  { connection, requested, dialOptions, grant }: Chosen,
  client: RoutedClient,
  { serve }: Pick<IngressServices, 'serve'>,
): void {
  const use = grant?.use();
  try {
    // Written out: a copy with other properties would have no shape (docs/decisions/0031).
    serve(connection, {
      socket: client.socket,
      reader: client.reader,
      source: client.source,
      identity: {
        host: requested,
        grant: grant === undefined ? client.identity?.grant : { id: grant.id, name: grant.name },
        subject: client.identity?.subject,
      },
      dialOptions,
      prepare: client.prepare,
      onJoined: client.onJoined,
      refuse: client.refuse,
      reset: client.reset,
      signal: use?.signal ?? client.signal,
      isTruncated: client.isTruncated,
      onClosed: use?.release ?? client.onClosed,
    } satisfies Required<RoutedClient>);
  } catch (error) {
    use?.release();
    throw error;
  }
}
