import { errorResponse } from '../postgresql/error-response.ts';
import { readStartupPacket } from '../postgresql/startup-packet.ts';
import { type CreateErrorExchange, INCOMPLETE, INVALID, startsTls, TLS_FIRST } from './error-exchange.ts';

const SUPPORTED = Buffer.from('S');
const UNSUPPORTED = Buffer.from('N');

/**
 * Answers the requests for encryption that may come first, and the StartupMessage with an ErrorResponse (PostgreSQL
 * documentation, "Message Flow"). A CancelRequest is never answered.
 */
export const postgresqlError: CreateErrorExchange = (error) => ({
  push(received, isEncrypted) {
    if (startsTls(received)) return isEncrypted ? INVALID : TLS_FIRST;
    const packet = readStartupPacket(received);
    switch (packet.is) {
      case 'incomplete':
        return INCOMPLETE;
      case 'invalid':
        return INVALID;
      case 'startup':
        return { is: 'final', bytes: errorResponse(error) };
      case 'cancel-request':
        return { is: 'final', bytes: Buffer.alloc(0) };
      case 'gss-request':
        return { is: 'answer', bytes: UNSUPPORTED, consumed: packet.bytes.length };
      case 'ssl-request':
        return isEncrypted
          ? INVALID
          : { is: 'tls', answer: SUPPORTED, consumed: packet.bytes.length, otherwise: UNSUPPORTED };
    }
  },
});
