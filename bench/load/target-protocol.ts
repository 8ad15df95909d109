/**
 * The first byte that a client sends selects what the target does with the connection. The route forwards it like any
 * other byte, so every route is measured with the same data.
 */
export const request = {
  /** Read everything; at the end of the stream, send the number of bytes received as a trailer. */
  sink: 0x53,
  /** Send until the next byte arrives, then send a trailer with the number of bytes sent, and end. */
  source: 0x47,
  /** Echo. */
  echo: 0x45,
  /** Send one byte back and end. */
  once: 0x31,
} as const;

export const TRAILER_BYTES = 8;

/** Encodes a byte count as the trailer of a stream. */
export function trailer(count: number): Buffer {
  const bytes = Buffer.alloc(TRAILER_BYTES);
  bytes.writeBigUInt64BE(BigInt(count));
  return bytes;
}

/** Decodes the byte count from the last bytes of a stream. */
export function countIn(bytes: Buffer): number {
  return Number(bytes.readBigUInt64BE());
}
