import { randomUUIDv7 } from 'node:crypto';

/**
 * Makes UUIDs of version 7, each greater than every one before it. On its own, a version 7 says the millisecond,
 * and two of the same one come in any order (RFC 9562 section 6.2).
 */
export function risingIds(make: () => string = randomUUIDv7): () => string {
  let last = '';
  return () => {
    const next = make();
    last = next > last ? next : successor(last);
    return last;
  };
}

/** The next greater UUID: the random part counts on. */
function successor(id: string): string {
  const digits = (BigInt(`0x${id.replaceAll('-', '')}`) + 1n).toString(16).padStart(32, '0');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
