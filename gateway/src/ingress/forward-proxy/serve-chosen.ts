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
    serve(connection, {
      ...client,
      identity: {
        ...client.identity,
        host: requested,
        ...(grant && { grant: { id: grant.id, name: grant.name } }),
      },
      dialOptions,
      ...(use && { signal: use.signal, onClosed: use.release }),
    });
  } catch (error) {
    use?.release();
    throw error;
  }
}
