const FIRST_MS = 1_000;
const LAST_MS = 30_000;

/**
 * Milliseconds to wait before attempt `attempt` (from 1), with full jitter: after a restart of the gateway, its browsers
 * must not return all at once.
 */
export function backOff(attempt: number, random: () => number): number {
  const ceiling = Math.min(LAST_MS, FIRST_MS * 2 ** Math.min(attempt - 1, 10));
  return Math.round(ceiling * (0.2 + 0.8 * random()));
}
