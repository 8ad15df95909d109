/** Longest wait between two tries to renew, in milliseconds; and the only one when the certificate has run out. */
const LONGEST = 30_000;
const SHORTEST = 500;

/**
 * Milliseconds until the next try to renew. Never later than a tenth of what is left, so that a certificate with a
 * short life gets its tries too; doubling from try to try, so that a gateway that keeps refusing is not pressed.
 * `random` is in [0, 1).
 */
export function renewalRetry(left: number, failures: number, random: number): number {
  const most = left <= 0 ? LONGEST : Math.min(LONGEST, left / 10);
  const doubled = left <= 0 ? LONGEST : SHORTEST * 2 ** Math.min(Math.max(0, failures), 10);
  return Math.max(SHORTEST, Math.min(most, doubled) * (0.5 + random / 2));
}
