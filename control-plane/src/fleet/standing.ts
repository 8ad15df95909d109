import type { AgentState } from '@penstock/api-schema';
import type { Pin } from '../pins/drift.ts';
import { isQuarantinedByPin, type Judged } from './judge-agent.ts';
import type { Member } from './member.ts';
import type { NextChange } from './next-change.ts';
import type { Reason } from './reason.ts';

/** What an agent is sent when it changes. */
export type Verdict = { readonly pin: Pin | undefined; readonly state: AgentState };

/** The last judgment of an agent. */
export type Standing = {
  /** The member that was judged: another object means that the store knows something else by now. */
  readonly member: Member;
  readonly reasons: readonly Reason[];
  readonly verdict: Verdict;
  /** Of the pins and limits it was judged by; see Fleet.judgeAll. */
  readonly generation: number;
  readonly nextChange: NextChange;
};

/** States in which an agent accepts no opens although it has sessions. */
const SUSPENDED: ReadonlySet<AgentState> = new Set([
  'revoked',
  'identity-expired',
  'quarantined',
  'draining',
]);

/** Whether no open is routed to an agent, whatever the state of its sessions. */
export const isSuspended = ({ reasons }: Standing): boolean =>
  reasons.some(({ state }) => SUSPENDED.has(state));

/** The same by the pin in force now, for an agent that was judged by an older one. Cheap: it is called for each open. */
export const isSuspendedByPin = ({ reasons }: Standing, agent: Pick<Judged, 'record' | 'pin'>): boolean =>
  reasons.some(({ code, state }) => code !== 'CONFIG_DRIFT' && SUSPENDED.has(state)) ||
  isQuarantinedByPin(agent);

/** Whether the same conditions hold. Details change with every heartbeat and do not count. */
export function haveSameConditions(one: readonly Reason[], other: readonly Reason[]): boolean {
  if (one.length !== other.length) return false;
  return one.every(({ code, state }, index) => code === other[index]?.code && state === other[index]?.state);
}

export const areSameVerdicts = (one: Verdict, other: Verdict): boolean =>
  one.state === other.state && areSamePins(one.pin, other.pin);

function areSamePins(one: Pin | undefined, other: Pin | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return (
    one.version === other.version &&
    one.digest === other.digest &&
    one.mode === other.mode &&
    one.scope === other.scope
  );
}
