import type { CloseCode } from './close-code.ts';
import type { Reach } from './reach.ts';

const stageOf: Partial<Record<CloseCode, Reach>> = {
  NO_AGENT: 'offline',
  QUEUE_TIMEOUT: 'offline',
  SESSION_LOST: 'offline',
  AGENT_TIMEOUT: 'offline',
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

/** The stage that an open reached before it failed with `code`, or undefined when the code does not determine one. */
export function reachOfCode(code: CloseCode): Reach | undefined {
  return stageOf[code];
}
