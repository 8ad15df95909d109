import type { CloseCode } from './close-code.ts';
import type { Reach } from './reach.ts';

const rungOf: Partial<Record<CloseCode, Reach>> = {
  NO_AGENT: 'offline',
  QUEUE_TIMEOUT: 'offline',
  SESSION_LOST: 'offline',
  POLICY_DENIED: 'denied',
  DNS_FAILED: 'dns',
  UNREACHABLE: 'unreachable',
  AGENT_OVERLOADED: 'unreachable',
  INTERNAL: 'unreachable',
  REFUSED: 'refused',
  DIAL_TIMEOUT: 'silent',
  TARGET_RESET: 'protocol',
  TLS_FAILED: 'tls',
};

/** How far the way led when an open failed with `code`; undefined when the code does not say. */
export function reachOfCode(code: CloseCode): Reach | undefined {
  return rungOf[code];
}
