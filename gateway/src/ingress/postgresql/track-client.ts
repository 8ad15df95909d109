import type { RoutedClient } from '../routed-client.ts';
import { BackendKeyReader } from './backend-key-reader.ts';
import type { CancelableClient, CancelRequests } from './cancel-requests.ts';

/**
 * Returns an `onJoined` that makes a client known to CancelRequests until it is closed, and that reads its key where
 * the gateway can see it.
 */
export function trackClient(
  cancelRequests: CancelRequests,
  { source, socket, dialOptions }: Pick<RoutedClient, 'source' | 'socket' | 'dialOptions'>,
  connection: string,
): NonNullable<RoutedClient['onJoined']> {
  return ({ stream }, { agentId }) => {
    const secure = dialOptions?.secure === true;
    const client: CancelableClient = {
      address: source.address,
      connection,
      agentId,
      secure,
      key: undefined,
    };
    const untrack = cancelRequests.track(client);
    socket.once('close', untrack);
    if (socket.destroyed) untrack();
    if (!secure) return;
    const reader = new BackendKeyReader();
    const onData = (chunk: Buffer) => {
      client.key ??= reader.push(chunk);
      if (reader.isDone) stream.off('data', onData);
    };
    stream.on('data', onData);
  };
}
