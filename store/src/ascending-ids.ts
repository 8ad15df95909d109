import { randomUUIDv7 } from 'node:crypto';

/**
 * Returns a function that creates version 7 UUIDs in ascending order. By itself, version 7 only orders ids of different
 * milliseconds (RFC 9562 section 6.2).
 */
export function ascendingIds(make: () => string = randomUUIDv7): () => string {
  let last = '';
  return () => {
    const next = make();
    last = next > last ? next : successor(last);
    return last;
  };
}

/** The next greater UUID: increments the random part. */
function successor(id: string): string {
  const digits = (BigInt(`0x${id.replaceAll('-', '')}`) + 1n).toString(16).padStart(32, '0');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
