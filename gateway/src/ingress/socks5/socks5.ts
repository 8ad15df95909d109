import { TunnelError } from '@penstock/wire';
import { chooseConnection } from '../forward-proxy/choose-connection.ts';
import { serveChosen } from '../forward-proxy/serve-chosen.ts';
import type { CreateHandler, IngressBinding, IngressServices } from '../ingress-handler.ts';
import { LingeringSockets } from '../lingering-sockets.ts';
import type { HandshakingClient } from '../pending-handshakes.ts';
import {
  chosenMethod,
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

/** The clients of a SOCKS5 port (RFC 1928), which each ask for one of the connections that share it. */
export const createSocks5Handler: CreateHandler<'socks5'> = (services, bindings) => {
  const lingering = new LingeringSockets();
  return {
    take({ socket, source, release }) {
      socket.once('close', release);
      const ask = (client: HandshakingClient) => serve(client, bindings(), services, lingering);
      void services.handshakes.run(socket, source, ask, (error) => services.denied(source, error));
    },
    close: () => lingering.close(),
  };
};

async function serve(
  client: HandshakingClient,
  bindings: readonly IngressBinding<'socks5'>[],
  services: IngressServices,
  lingering: LingeringSockets,
): Promise<void> {
  const { socket, source, bytes, signal } = client;
  const refuse = (reply: Reply, error: TunnelError, connection?: string) => {
    services.denied(source, error, connection);
    lingering.say(socket, replyMessage(reply));
  };
  const credentials = await readCredentials(client);
  const request = await readRequest(bytes);
  if ('reply' in request) {
    refuse(request.reply, new TunnelError('PROTOCOL_ERROR', request.detail));
    return;
  }
  const choice = chooseConnection({ ...request, credentials }, source, bindings, services);
  if (choice.outcome !== 'chosen') {
    if (choice.outcome === 'credentials' || choice.showedGrant) {
      await services.failures.failed(source.address, signal);
    }
    refuse(replyOf(choice.error.code), choice.error);
    return;
  }
  try {
    const routed = {
      socket,
      source,
      introduce: async () => void socket.write(replyMessage(replies.succeeded)),
      refuse: ({ code }: TunnelError) => lingering.say(socket, replyMessage(replyOf(code))),
    };
    serveChosen(choice, routed, services);
  } catch (error) {
    refuse(replies.notAllowed, error as TunnelError, choice.connection);
  }
}

/**
 * Asks for user name and password wherever the client can give them, and takes any: a client that must give some may
 * have its grant elsewhere, or need none. What they are worth is known when it has said what it wants.
 */
async function readCredentials({ socket, bytes }: HandshakingClient): Promise<readonly string[]> {
  const offered = await readGreeting(bytes);
  if (offered.has(methods.password)) {
    socket.write(chosenMethod(methods.password));
    const { user, password } = await readPassword(bytes);
    socket.write(passwordAccepted());
    return [password, user];
  }
  if (offered.has(methods.none)) {
    socket.write(chosenMethod(methods.none));
    return [];
  }
  socket.write(chosenMethod(methods.unacceptable));
  throw new TunnelError('PROTOCOL_ERROR', 'The client offers neither a password nor to go without one.');
}
