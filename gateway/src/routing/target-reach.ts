import type { CloseCode, Reach } from '@penstock/wire';

/** Codes that tell of the way behind the agent; the others tell of the way to it. */
const reached: Partial<Record<CloseCode, Reach>> = {
  POLICY_DENIED: 'denied',
  DNS_FAILED: 'dns',
  UNREACHABLE: 'unreachable',
  REFUSED: 'refused',
  DIAL_TIMEOUT: 'silent',
  TLS_FAILED: 'tls',
};

/** How far an open came that failed with `code`; undefined when it says nothing of the target. */
export function targetReach(code: CloseCode): Reach | undefined {
  return reached[code];
}
