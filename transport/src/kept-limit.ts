import { KeptChunks } from './kept-chunks.ts';

const MIB = 1024 * 1024;

/** What a connection may keep at most. More would only move further through the processor's caches. */
const NEAR_BYTES = 8 * MIB;
/**
 * The same in a session with a long round trip: the TCP send buffer can hold 4 MiB (`tcp_wmem`), and as much again may await its
 * acknowledgment. With 8 MiB, one stream at 20 ms moved 150 rather than 165 MB/s, and 67 rather than 75 with a loss of 1 %. On loopback,
 * with 16 MiB, one moved 935 rather than 970.
 */
const FAR_BYTES = 16 * MIB;
/** What every connection may keep, whatever the others have. */
const LEAST_BYTES = MIB;
/** What all connections of the process should keep together. */
const ALL_BYTES = 64 * MIB;

/**
 * Bytes of memory that a connection may keep now: as much as all of them leave free, like a queue of a switch that shares its memory (dynamic
 * thresholds, Choudhury and Hahne 1998). Four whose peers have stalled leave something for a fifth, and sixteen get a seventeenth each.
 */
export function maxKeptBytes(isFar: boolean): number {
  const free = ALL_BYTES - KeptChunks.totalMemory;
  return Math.max(LEAST_BYTES, Math.min(isFar ? FAR_BYTES : NEAR_BYTES, free));
}
