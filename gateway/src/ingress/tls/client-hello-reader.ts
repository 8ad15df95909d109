import type { Alert } from './alert.ts';
import { ByteReader, DecodeError } from './byte-reader.ts';
import { type ClientHello, parseClientHello } from './client-hello.ts';

const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const RECORD_HEADER_BYTES = 5;
const MESSAGE_HEADER_BYTES = 4;
/** Longest plaintext record (RFC 8446 section 5.1). */
const MAX_RECORD_BYTES = 16_384;
/** Without its header. With post-quantum key shares and a session ticket, a ClientHello has 2 to 4 KiB. */
export const MAX_CLIENT_HELLO_BYTES = 16_384;
/** A ClientHello may be fragmented into several records. More than these only waste the gateway's CPU time. */
const MAX_RECORDS = 64;

export type HelloOutcome =
  | { readonly is: 'incomplete' }
  | { readonly is: 'hello'; readonly hello: ClientHello }
  | { readonly is: 'invalid'; readonly alert: Alert; readonly detail: string };

const INCOMPLETE: HelloOutcome = { is: 'incomplete' };
const invalid = (alert: Alert, detail: string): HelloOutcome => ({ is: 'invalid', alert, detail });
const TOO_LONG = `The ClientHello is longer than ${MAX_CLIENT_HELLO_BYTES} bytes.`;

/**
 * Assembles a ClientHello from the first bytes of a TLS connection, however they are fragmented into records and
 * chunks. Reads each byte once and buffers no more than a ClientHello of maximum size with its record headers.
 */
export class ClientHelloReader {
  /** Bytes of the record that has not been received completely. */
  #rest: Buffer = Buffer.alloc(0);
  #message: Buffer = Buffer.alloc(0);
  #records = 0;

  /** Adds received bytes. Must not be called again after an outcome other than `incomplete`. */
  push(chunk: Buffer): HelloOutcome {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= RECORD_HEADER_BYTES) {
      const length = this.#rest.readUInt16BE(3);
      const problem = this.#checkRecord(length);
      if (problem !== undefined) return problem;
      if (this.#rest.length < RECORD_HEADER_BYTES + length) return INCOMPLETE;
      const content = this.#rest.subarray(RECORD_HEADER_BYTES, RECORD_HEADER_BYTES + length);
      this.#rest = this.#rest.subarray(RECORD_HEADER_BYTES + length);
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
      return invalid('unexpectedMessage', 'The client did not start with a TLS handshake record.');
    }
    if (length === 0) return invalid('decodeError', 'The client sent an empty TLS handshake record.');
    if (
      length > MAX_RECORD_BYTES ||
      this.#message.length + length > MAX_CLIENT_HELLO_BYTES + MESSAGE_HEADER_BYTES
    ) {
      return invalid('recordOverflow', TOO_LONG);
    }
    if (this.#records === MAX_RECORDS) {
      return invalid('decodeError', `The ClientHello is fragmented into more than ${MAX_RECORDS} records.`);
    }
    return undefined;
  }

  #readMessage(): HelloOutcome {
    const [type] = this.#message;
    if (type !== CLIENT_HELLO) {
      return invalid('unexpectedMessage', 'The TLS handshake does not start with a ClientHello.');
    }
    if (this.#message.length < MESSAGE_HEADER_BYTES) return INCOMPLETE;
    const reader = new ByteReader(this.#message.subarray(1));
    const length = reader.uint24();
    if (length > MAX_CLIENT_HELLO_BYTES) return invalid('recordOverflow', TOO_LONG);
    if (reader.remaining < length) return INCOMPLETE;
    try {
      return { is: 'hello', hello: parseClientHello(reader.bytes(length)) };
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return invalid('decodeError', `The ClientHello is invalid: ${error.message}.`);
    }
  }
}
