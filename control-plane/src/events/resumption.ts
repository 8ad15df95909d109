import { groupOf } from './event-key.ts';
import type { StreamPosition } from './event-position.ts';
import type { PeerHistory } from './peer-history.ts';

/** An event that this process has published. `at`: milliseconds of a monotonic clock. */
export type Published = { readonly key: string; readonly at: number };

/** Where a listener was at another replica. */
export type PeerPosition = StreamPosition & { readonly history: PeerHistory };

/** Milliseconds by which replicas may publish the same event apart from each other. */
export const MAX_LAG_MS = 5_000;

/** Whether a listener that comes from these positions has seen an event of this process. */
export function seenElsewhere(positions: readonly PeerPosition[]): (event: Published) => boolean {
  const known = positions.map(({ history, number }) => ({ history, seen: history.seenAt(number) }));
  return ({ key, at }) =>
    known.some(({ history, seen }) => {
      const seenAt = seen.get(key);
      // What the peer would have published by now and has not was known there before its history begins.
      if (seenAt === undefined) return at < history.heardUntil - MAX_LAG_MS;
      // Later than replicas are apart, it is a state that came back when the peer could no longer tell.
      return seenAt !== 'unseen' && at <= seenAt + MAX_LAG_MS;
    });
}

/**
 * What a listener has seen at other replicas and this process has not published yet, by group. `publishedAt` returns when this
 * process last published a key.
 */
export function expectedHere(
  positions: readonly PeerPosition[],
  publishedAt: (key: string) => number | undefined,
  now: number,
): Map<string, string> {
  const expected = new Map<string, string>();
  for (const { history, number } of positions) {
    for (const [group, { key, at }] of history.lastKeys(number, now - MAX_LAG_MS)) {
      if ((publishedAt(key) ?? Number.NEGATIVE_INFINITY) < at - MAX_LAG_MS) expected.set(group, key);
    }
  }
  return expected;
}

/** Removes what is expected in the group of `key`, and returns whether it was this key. */
export function takeExpected(expected: Map<string, string>, key: string): boolean {
  const group = groupOf(key);
  const isIt = expected.get(group) === key;
  // After another state of the same agent, the expected one is news again.
  expected.delete(group);
  return isIt;
}
