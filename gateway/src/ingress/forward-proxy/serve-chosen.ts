import { TunnelError } from '@penstock/wire';
import type { IngressServices } from '../ingress-handler.ts';
import type { RoutedClient } from '../routed-client.ts';
import type { Choice } from './choose-connection.ts';

type Chosen = Extract<Choice, { readonly outcome: 'chosen' }>;

/**
 * Serves a client of a proxy by the connection that was chosen, and ends it when its grant ends. Throws TunnelError
 * LIMIT_EXCEEDED where there is no room, and leaves the client to the caller.
 */
export function serveChosen(
  { connection, wishes, grant }: Chosen,
  routed: RoutedClient,
  { serve }: Pick<IngressServices, 'serve'>,
): void {
  const use = grant?.use();
  const served = serve(connection, {
    ...routed,
    wishes,
    ...(use && { signal: use.signal, ended: use.release }),
  });
  if (served) return;
  use?.release();
  throw new TunnelError('LIMIT_EXCEEDED', 'The connection has its maxConnections.');
}
