import { TunnelError } from '@penstock/wire';
import { chooseConnection } from '../choose-connection.ts';
import { Farewells } from '../farewells.ts';
import type { NegotiatingClient } from '../negotiations.ts';
import { serveChosen } from '../serve-chosen.ts';
import type { HandleClients, Way, WayInPorts } from '../way-in.ts';
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
export const handleSocks5: HandleClients<'socks5'> = (ports, ways) => {
  const farewells = new Farewells();
  return {
    take({ socket, source, release }) {
      socket.once('close', release);
      const ask = (client: NegotiatingClient) => serve(client, ways(), ports, farewells);
      void ports.negotiations.run(socket, source, ask, (error) => ports.denied(source, error));
    },
    close: () => farewells.close(),
  };
};

async function serve(
  client: NegotiatingClient,
  ways: readonly Way<'socks5'>[],
  ports: WayInPorts,
  farewells: Farewells,
): Promise<void> {
  const { socket, source, bytes, signal } = client;
  const refuse = (reply: Reply, error: TunnelError, connection?: string) => {
    ports.denied(source, error, connection);
    farewells.say(socket, replyMessage(reply));
  };
  const credentials = await readCredentials(client);
  const request = await readRequest(bytes);
  if ('reply' in request) {
    refuse(request.reply, new TunnelError('PROTOCOL_ERROR', request.detail));
    return;
  }
  const choice = chooseConnection({ ...request, credentials }, source, ways, ports);
  if (choice.outcome !== 'chosen') {
    if (choice.outcome === 'credentials' || choice.showedGrant) {
      await ports.failures.failed(source.address, signal);
    }
    refuse(replyOf(choice.error.code), choice.error);
    return;
  }
  try {
    const arrival = {
      socket,
      source,
      introduce: async () => void socket.write(replyMessage(replies.succeeded)),
      refuse: ({ code }: TunnelError) => farewells.say(socket, replyMessage(replyOf(code))),
    };
    serveChosen(choice, arrival, ports);
  } catch (error) {
    refuse(replies.notAllowed, error as TunnelError, choice.connection);
  }
}

/**
 * Asks for user name and password wherever the client can give them, and takes any: a client that must give some may
 * have its grant elsewhere, or need none. What they are worth is known when it has said what it wants.
 */
async function readCredentials({ socket, bytes }: NegotiatingClient): Promise<readonly string[]> {
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
