import { errorLine } from './client-error.ts';
import { type CreateErrorExchange, INCOMPLETE, INVALID, startsTls, TLS_FIRST } from './error-exchange.ts';

/** A command that is longer is answered before its end. */
const MAX_COMMAND_BYTES = 4096;
const BULK_START = 0x24;
const ARRAY_START = 0x2a;

/**
 * Answers every command with an error (RESP, "Simple errors"). Clients introduce themselves before the first command of their
 * user, often without waiting, and show the answer to that one.
 */
export const redisError: CreateErrorExchange = (error) => {
  const bytes = Buffer.from(`-ERR ${errorLine(error)}\r\n`);
  return {
    push(received, isEncrypted) {
      if (startsTls(received) && !isEncrypted) return TLS_FIRST;
      const length = commandLength(received);
      if (length === 'invalid') return INVALID;
      if (length !== undefined) return { is: 'answer', bytes, consumed: length, isError: true };
      return received.length < MAX_COMMAND_BYTES ? INCOMPLETE : { is: 'final', bytes };
    },
  };
};

/** Bytes of the first command, an array of bulk strings or an inline command; undefined if it is incomplete. */
function commandLength(bytes: Buffer): number | 'invalid' | undefined {
  const head = lineEnd(bytes, 0);
  if (head === undefined || bytes[0] !== ARRAY_START) return head;
  const count = Number(bytes.toString('latin1', 1, head));
  if (!Number.isSafeInteger(count) || count < 0) return 'invalid';
  let at = head;
  for (let index = 0; index < count; index += 1) {
    const end = lineEnd(bytes, at);
    if (end === undefined) return undefined;
    const length = Number(bytes.toString('latin1', at + 1, end));
    if (bytes[at] !== BULK_START || !Number.isSafeInteger(length) || length < 0) return 'invalid';
    at = end + length + 2;
    if (at > bytes.length) return undefined;
  }
  return at;
}

/** The offset after the line that starts at `start`; undefined if it has no end yet. */
function lineEnd(bytes: Buffer, start: number): number | undefined {
  const end = bytes.indexOf('\n', start);
  return end === -1 ? undefined : end + 1;
}
