import type { CloseCode, Reach } from '@penstock/wire';
import type { DialReport } from '../data-plane-port.ts';
import type { AgentView } from './agent-view.ts';

/** The stage reached through one agent when it was last tried. */
export type Evidence = {
  readonly reach: Reach;
  /** Milliseconds since 1970, on the gateway's clock. */
  readonly at: number;
  /** The agent's own check, a client, or a check made for this explanation. */
  readonly from: 'check' | 'client' | 'explain';
  readonly detail: string | undefined;
};

/** Milliseconds after which an observation no longer says whether the target answers now. */
export const MAX_EVIDENCE_AGE_MS = 60_000;

/** Codes that describe the path behind the agent. All others describe the path to it. */
const stageOfCode: Partial<Record<CloseCode, Reach>> = {
  POLICY_DENIED: 'denied',
  DNS_FAILED: 'dns',
  UNREACHABLE: 'unreachable',
  REFUSED: 'refused',
  DIAL_TIMEOUT: 'silent',
  TLS_FAILED: 'tls',
};

/** The agent's own check, or the last client that was dialed through it, whichever is newer. */
export function evidenceOf(
  agent: Pick<AgentView, 'name' | 'checks' | 'clock'>,
  connector: string,
  dials: readonly DialReport[],
): Evidence | undefined {
  const check = agent.checks.find((each) => each.connector === connector);
  const checked: Evidence | undefined = check && {
    reach: check.reach,
    // Checks carry the time of the agent's clock.
    at: check.at - (agent.clock?.skew ?? 0),
    from: 'check',
    detail: check.detail,
  };
  for (const { at, tries } of dials) {
    if (checked !== undefined && checked.at > at) return checked;
    const last = tries.findLast((each) => each.agent === agent.name);
    if (last === undefined) continue;
    const stage = last.failure === undefined ? 'ready' : stageOfCode[last.failure.code];
    if (stage !== undefined) return { reach: stage, at, from: 'client', detail: last.failure?.detail };
  }
  return checked;
}

/** `24m`: a duration in its largest unit, rounded down. */
export function ageText(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
}
