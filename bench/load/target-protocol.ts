/**
 * The first byte a client sends says what the target does with the connection. Whatever lies between carries it
 * like any other byte, so every route is measured with the same bytes.
 */
export const request = {
  /** Take everything; at the end of the stream answer with the number of bytes taken, as a trailer. */
  sink: 0x53,
  /** Send until the next byte comes, then a trailer with the number of bytes sent before it, then the end. */
  source: 0x47,
  /** Send back what comes. */
  echo: 0x45,
  /** Send one byte back and end. */
  once: 0x31,
} as const;

export const TRAILER_BYTES = 8;

/** A count of bytes as it ends a stream. */
export function trailer(count: number): Buffer {
  const bytes = Buffer.alloc(TRAILER_BYTES);
  bytes.writeBigUInt64BE(BigInt(count));
  return bytes;
}

/** The count in the last bytes of a stream. */
export function countIn(bytes: Buffer): number {
  return Number(bytes.readBigUInt64BE());
}
