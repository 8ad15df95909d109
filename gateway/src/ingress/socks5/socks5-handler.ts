import { TunnelError } from '@penstock/wire';
import { chooseConnection } from '../forward-proxy/choose-connection.ts';
import { serveChosen } from '../forward-proxy/serve-chosen.ts';
import type { CreateHandler, IngressServices } from '../ingress-handler.ts';
import { LingeringSockets } from '../lingering-sockets.ts';
import type { IngressBinding } from '../listener-config.ts';
import type { HandshakingClient } from '../pending-handshakes.ts';
import type { RoutedClient } from '../routed-client.ts';
import {
  methodSelection,
  methods,
  passwordAccepted,
  type Reply,
  readGreeting,
  readPassword,
  readRequest,
  replies,
  replyMessage,
  replyOf,
} from './socks5-messages.ts';

/** Handles the clients of a SOCKS5 port (RFC 1928). Each client requests one of the connections bound to it. */
export const createSocks5Handler: CreateHandler<'socks5'> = (services, bindings) => {
  const lingering = new LingeringSockets();
  return {
    handle({ socket, source, release }) {
      socket.once('close', release);
      const handshake = (client: HandshakingClient) => serve(client, bindings(), services, lingering);
      void services.handshakes.run(socket, source, handshake, (error) => services.denied(source, error));
    },
    close: () => lingering.close(),
  };
};

async function serve(
  handshaking: HandshakingClient,
  bindings: readonly IngressBinding<'socks5'>[],
  services: IngressServices,
  lingering: LingeringSockets,
): Promise<void> {
  const { socket, source, reader, signal } = handshaking;
  const refuse = (reply: Reply, error: TunnelError, connection?: string) => {
    services.denied(source, error, connection);
    lingering.end(socket, replyMessage(reply));
  };
  const credentials = await readCredentials(handshaking);
  const request = await readRequest(reader);
  if ('reply' in request) {
    refuse(request.reply, new TunnelError('PROTOCOL_ERROR', request.detail));
    return;
  }
  const choice = chooseConnection({ ...request, credentials }, source, bindings, services);
  if (choice.outcome !== 'chosen') {
    if (choice.outcome === 'credentials' || choice.hadGrant) {
      await services.failures.record(source.address, signal);
    }
    refuse(replyOf(choice.error.code), choice.error, choice.connection);
    return;
  }
  try {
    const client: RoutedClient = {
      socket,
      source,
      prepare: async () => void socket.write(replyMessage(replies.succeeded)),
      refuse: ({ code }) => lingering.end(socket, replyMessage(replyOf(code))),
    };
    serveChosen(choice, client, services);
  } catch (error) {
    refuse(replies.notAllowed, error as TunnelError, choice.connection);
  }
}

/**
 * Requests username and password from every client that supports them and accepts any: the client may have its grant in
 * the host instead, or need none. They are checked once the requested host is known.
 */
async function readCredentials({ socket, reader }: HandshakingClient): Promise<readonly string[]> {
  const offered = await readGreeting(reader);
  if (offered.has(methods.password)) {
    socket.write(methodSelection(methods.password));
    const { user, password } = await readPassword(reader);
    socket.write(passwordAccepted());
    return [password, user];
  }
  if (offered.has(methods.none)) {
    socket.write(methodSelection(methods.none));
    return [];
  }
  socket.write(methodSelection(methods.unacceptable));
  throw new TunnelError(
    'PROTOCOL_ERROR',
    'The client offers no supported SOCKS5 authentication method: neither username/password nor none.',
  );
}
