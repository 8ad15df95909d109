/**
 * The packets with which a PostgreSQL client begins, before any message has a type: length, code, and a rest
 * (PostgreSQL's protocol, chapter "Message Formats").
 */
export type PostgresqlPacket =
  | { readonly is: 'incomplete' }
  | { readonly is: 'invalid'; readonly detail: string }
  | {
      readonly is: 'ssl-request' | 'gss-request' | 'cancel-request' | 'startup';
      /** The whole packet, its length included. */
      readonly bytes: Buffer;
    };

const HEADER = 8;
/** As the server itself has it: MAX_STARTUP_PACKET_LENGTH. */
export const MAX_STARTUP_BYTES = 10_000;
/** Process id and a secret, of 4 bytes up to protocol 3.0, of 256 at most from 3.2 on. */
const MIN_CANCEL_BYTES = 16;
const MAX_CANCEL_BYTES = 12 + 256;

const CANCEL_REQUEST = 80_877_102;
const SSL_REQUEST = 80_877_103;
const GSS_REQUEST = 80_877_104;
const PROTOCOL_MAJOR = 3;

/** Asks a server for TLS. */
export const sslRequest: Buffer = packet(SSL_REQUEST);

function packet(code: number): Buffer {
  const bytes = Buffer.alloc(HEADER);
  bytes.writeUInt32BE(HEADER, 0);
  bytes.writeUInt32BE(code, 4);
  return bytes;
}

/** Reads the packet that `bytes` begins with. Asks for more only up to the longest packet there is. */
export function readPostgresqlPacket(bytes: Buffer): PostgresqlPacket {
  // A length of more than two bytes is told by the first one: a stranger of another protocol is not waited for.
  if (bytes.length > 0 && bytes[0] !== 0) return invalid('What was sent is no packet of PostgreSQL.');
  if (bytes.length < HEADER) return { is: 'incomplete' };
  const length = bytes.readUInt32BE(0);
  const code = bytes.readUInt32BE(4);
  const is = nameOf(code, length);
  if (is === undefined)
    return invalid(`A packet with code ${code} and ${length} bytes is none of PostgreSQL.`);
  if (bytes.length < length) return { is: 'incomplete' };
  return { is, bytes: bytes.subarray(0, length) };
}

const invalid = (detail: string): PostgresqlPacket => ({ is: 'invalid', detail });

function nameOf(code: number, length: number) {
  if (code === SSL_REQUEST && length === HEADER) return 'ssl-request';
  if (code === GSS_REQUEST && length === HEADER) return 'gss-request';
  if (code === CANCEL_REQUEST && length >= MIN_CANCEL_BYTES && length <= MAX_CANCEL_BYTES)
    return 'cancel-request';
  if (code >> 16 === PROTOCOL_MAJOR && length > HEADER && length <= MAX_STARTUP_BYTES) return 'startup';
  return undefined;
}
