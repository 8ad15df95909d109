import { CheckFailure } from './check-failure.ts';
import type { ProtocolCheck } from './protocol-check.ts';

/** SSLRequest: length 8 and the code 80877103 (PostgreSQL documentation, Message Formats). */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

/**
 * Requests TLS. The server does not log a connection that ends after its N or after a completed handshake, because clients do
 * the same. It would log a connection that ends right after its S.
 */
export const checkPostgresql: ProtocolCheck = async (exchange) => {
  exchange.send(SSL_REQUEST);
  const answer = await exchange.receive(1, ([byte]) => byte);
  switch (answer) {
    case 0x53:
      return { detail: 'PostgreSQL with TLS', startTlsAfterBytes: 1 };
    case 0x4e:
      return { detail: 'PostgreSQL without TLS' };
    case 0x45:
      throw new CheckFailure('protocol', 'The server answered the request for TLS with an error.');
    default:
      throw new CheckFailure('protocol', 'The answer to the request for TLS is not from PostgreSQL.');
  }
};
