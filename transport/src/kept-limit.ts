import { KeptChunks } from './kept-chunks.ts';

const MIB = 1024 * 1024;

/** Of one connection, at most, and of all connections of the process together. */
type Limits = { readonly one: number; readonly all: number };

/** More would only spread over the processor's caches: with twice as much, one stream on loopback moved 935 rather than 970 MB/s. */
const NEAR: Limits = { one: 8 * MIB, all: 48 * MIB };
/**
 * Over a long round trip, the TCP send buffer of each session can hold 4 MiB (`tcp_wmem`), and as much again may await a lost packet or its
 * acknowledgment. With 8 MiB, one stream at 20 ms moved 150 rather than 165 MB/s, and 67 rather than 75 with a loss of 1 %.
 */
const FAR: Limits = { one: 16 * MIB, all: 128 * MIB };
/** What every connection may keep, whatever the others have. */
const MIN_BYTES = MIB;

/**
 * Bytes of memory that a connection may keep now: as much as all of them leave free, like a queue of a switch that shares its memory (dynamic
 * thresholds, Choudhury and Hahne 1998). Four whose peers have stalled leave something for a fifth, and sixteen get a seventeenth each.
 */
export function maxKeptBytes(isFar: boolean): number {
  const { one, all } = isFar ? FAR : NEAR;
  return Math.max(MIN_BYTES, Math.min(one, all - KeptChunks.totalMemory));
}
