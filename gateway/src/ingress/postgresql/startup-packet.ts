/**
 * A packet with which a PostgreSQL client starts, when messages have no type yet: length, code and content (PostgreSQL
 * documentation, "Message Formats").
 */
export type StartupPacket =
  | { readonly is: 'incomplete' }
  | { readonly is: 'invalid'; readonly detail: string }
  | {
      readonly is: 'ssl-request' | 'gss-request' | 'cancel-request' | 'startup';
      /** The whole packet, including its length. */
      readonly bytes: Buffer;
    };

const HEADER_BYTES = 8;
/** The same limit as in PostgreSQL (MAX_STARTUP_PACKET_LENGTH). */
export const MAX_STARTUP_BYTES = 10_000;
/** Header, process ID, and a secret of 4 bytes or, from protocol 3.2 on, up to 256. */
const MIN_CANCEL_BYTES = 16;
const MAX_CANCEL_BYTES = 12 + 256;

const CANCEL_REQUEST = 80_877_102;
const SSL_REQUEST = 80_877_103;
const GSS_REQUEST = 80_877_104;
const PROTOCOL_MAJOR = 3;

/** The packet that requests TLS from a server. */
export const sslRequest: Buffer = packetOf(SSL_REQUEST);

function packetOf(code: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.writeUInt32BE(HEADER_BYTES, 0);
  bytes.writeUInt32BE(code, 4);
  return bytes;
}

/** Reads the packet at the start of `bytes`. It is `incomplete` only while it can still become a valid packet. */
export function readStartupPacket(bytes: Buffer): StartupPacket {
  // All valid lengths fit in two bytes, so other protocols are rejected by their first byte.
  if (bytes.length > 0 && bytes[0] !== 0) return invalid('The client did not send a PostgreSQL packet.');
  if (bytes.length < HEADER_BYTES) return { is: 'incomplete' };
  const length = bytes.readUInt32BE(0);
  const code = bytes.readUInt32BE(4);
  const is = kindOf(code, length);
  if (is === undefined) {
    return invalid(`The client sent an unknown PostgreSQL packet with code ${code} and ${length} bytes.`);
  }
  if (bytes.length < length) return { is: 'incomplete' };
  return { is, bytes: bytes.subarray(0, length) };
}

const invalid = (detail: string): StartupPacket => ({ is: 'invalid', detail });

function kindOf(code: number, length: number) {
  if (code === SSL_REQUEST && length === HEADER_BYTES) return 'ssl-request';
  if (code === GSS_REQUEST && length === HEADER_BYTES) return 'gss-request';
  if (code === CANCEL_REQUEST && length >= MIN_CANCEL_BYTES && length <= MAX_CANCEL_BYTES) {
    return 'cancel-request';
  }
  if (code >> 16 === PROTOCOL_MAJOR && length > HEADER_BYTES && length <= MAX_STARTUP_BYTES) return 'startup';
  return undefined;
}
