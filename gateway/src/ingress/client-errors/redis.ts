import { errorLine } from './client-error.ts';
import { type CreateErrorExchange, INCOMPLETE, startsTls, TLS_FIRST } from './error-exchange.ts';

const LINE_FEED = 0x0a;

/** Answers the first command with an error (RESP, "Simple errors"), which closes the connection. */
export const redisError: CreateErrorExchange = (error) => ({
  push(received, isEncrypted) {
    if (startsTls(received) && !isEncrypted) return TLS_FIRST;
    // The end of its first line shows that a command is on its way.
    if (!received.includes(LINE_FEED)) return INCOMPLETE;
    return { is: 'final', bytes: Buffer.from(`-ERR ${errorLine(error)}\r\n`) };
  },
});
