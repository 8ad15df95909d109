import { CheckFailure } from './check-failure.ts';
import type { ProtocolCheck } from './protocol-check.ts';

/** SSLRequest: length 8 and the code 80877103 (PostgreSQL documentation, Message Formats). */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

/**
 * Asks for TLS. The server takes the end of the connection after its N, and after a finished handshake, for what
 * clients do and logs neither; a connection dropped right after its S it would log.
 */
export const checkPostgresql: ProtocolCheck = async (conversation) => {
  conversation.say(SSL_REQUEST);
  const answer = await conversation.hear(1, ([byte]) => byte);
  switch (answer) {
    case 0x53:
      return { detail: 'PostgreSQL with TLS', startTls: 1 };
    case 0x4e:
      return { detail: 'PostgreSQL without TLS' };
    case 0x45:
      throw new CheckFailure('protocol', 'The server answered the request for TLS with an error.');
    default:
      throw new CheckFailure('protocol', 'The answer to the request for TLS is not that of PostgreSQL.');
  }
};
