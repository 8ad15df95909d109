import type { Alert } from './alert.ts';
import { ByteReader, DecodeError } from './byte-reader.ts';
import { type ClientHello, parseClientHello } from './client-hello.ts';

const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const RECORD_HEADER = 5;
const MESSAGE_HEADER = 4;
/** Most bytes of one record in clear text (RFC 8446 section 5.1). */
const MAX_RECORD_BYTES = 16_384;
/** Bytes of a ClientHello, header included: with post-quantum key shares and a session ticket it has 2 to 4 KiB. */
export const MAX_CLIENT_HELLO_BYTES = 16_384;
/** A ClientHello may be cut into records; into more than these it is cut to tire us. */
const MAX_RECORDS = 64;

export type HelloOutcome =
  | { readonly is: 'incomplete' }
  | { readonly is: 'hello'; readonly hello: ClientHello }
  | { readonly is: 'invalid'; readonly alert: Alert; readonly detail: string };

const INCOMPLETE: HelloOutcome = { is: 'incomplete' };
const invalid = (alert: Alert, detail: string): HelloOutcome => ({ is: 'invalid', alert, detail });

/**
 * Puts a ClientHello together from the first bytes of a TLS connection, however they are cut into records and pieces.
 * Reads each byte once, and holds no more than a ClientHello of the largest size with its records.
 */
export class ClientHelloReader {
  /** Bytes of the record that has begun and is not complete. */
  #rest: Buffer = Buffer.alloc(0);
  #message: Buffer = Buffer.alloc(0);
  #records = 0;

  /** Takes what has arrived. Not to be called again after an outcome other than `incomplete`. */
  push(chunk: Buffer): HelloOutcome {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= RECORD_HEADER) {
      const length = this.#rest.readUInt16BE(3);
      const problem = this.#checkRecord(length);
      if (problem !== undefined) return problem;
      if (this.#rest.length < RECORD_HEADER + length) return INCOMPLETE;
      const content = this.#rest.subarray(RECORD_HEADER, RECORD_HEADER + length);
      this.#rest = this.#rest.subarray(RECORD_HEADER + length);
      this.#records += 1;
      this.#message = Buffer.concat([this.#message, content]);
      const outcome = this.#readMessage();
      if (outcome.is !== 'incomplete') return outcome;
    }
    return INCOMPLETE;
  }

  #checkRecord(length: number): HelloOutcome | undefined {
    const [type, major] = this.#rest;
    if (type !== HANDSHAKE_RECORD || major !== 3) {
      return invalid('unexpectedMessage', 'What was sent is no handshake of TLS.');
    }
    if (length === 0) return invalid('decodeError', 'A record of the handshake is empty.');
    if (
      length > MAX_RECORD_BYTES ||
      this.#message.length + length > MAX_CLIENT_HELLO_BYTES + MESSAGE_HEADER
    ) {
      return invalid('recordOverflow', `The ClientHello is longer than ${MAX_CLIENT_HELLO_BYTES} bytes.`);
    }
    if (this.#records === MAX_RECORDS) {
      return invalid('decodeError', `The ClientHello is cut into more than ${MAX_RECORDS} records.`);
    }
    return undefined;
  }

  #readMessage(): HelloOutcome {
    const [type] = this.#message;
    if (type !== CLIENT_HELLO)
      return invalid('unexpectedMessage', 'The handshake does not begin with a hello.');
    if (this.#message.length < MESSAGE_HEADER) return INCOMPLETE;
    const reader = new ByteReader(this.#message.subarray(1));
    const length = reader.uint24();
    if (length > MAX_CLIENT_HELLO_BYTES) {
      return invalid('recordOverflow', `The ClientHello is longer than ${MAX_CLIENT_HELLO_BYTES} bytes.`);
    }
    if (reader.left < length) return INCOMPLETE;
    try {
      return { is: 'hello', hello: parseClientHello(reader.bytes(length)) };
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return invalid('decodeError', `The ClientHello cannot be read: ${error.message}.`);
    }
  }
}
