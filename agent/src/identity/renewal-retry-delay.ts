/** Maximum delay between attempts to renew, and the only one once the certificate has expired. */
const MAX_DELAY_MS = 30_000;
const MIN_DELAY_MS = 500;

/**
 * Milliseconds until the next attempt to renew. It is at most a tenth of the remaining lifetime, so that a short-lived
 * certificate still gets several attempts, and doubles with each failure, so that a gateway that keeps refusing is not
 * overloaded. `random` is in [0, 1).
 */
export function renewalRetryDelay(remainingMs: number, failures: number, random: number): number {
  const hasExpired = remainingMs <= 0;
  const maximum = hasExpired ? MAX_DELAY_MS : Math.min(MAX_DELAY_MS, remainingMs / 10);
  const doubled = hasExpired ? MAX_DELAY_MS : MIN_DELAY_MS * 2 ** Math.min(Math.max(0, failures), 10);
  return Math.max(MIN_DELAY_MS, Math.min(maximum, doubled) * (0.5 + random / 2));
}
