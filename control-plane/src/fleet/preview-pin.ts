import { driftOf, type PinningMode, type Stamp } from '../pins/drift.ts';
import type { AgentView } from './agent-view.ts';

/** The pin to preview. */
export type ProposedPin = {
  readonly target: { readonly scope: 'pool' | 'agent'; readonly name: string };
  /** Undefined if the pin is removed. */
  readonly pin: Stamp | undefined;
  /** The pin of the agent's pool, which applies when the agent's own pin is removed. */
  readonly poolPin: Stamp | undefined;
  readonly pinning: PinningMode;
};

/** What a pin would do, as counts of agents. */
export type PinImpact = {
  agents: number;
  matching: number;
  differing: number;
  unknown: number;
  /** Names of agents that accept opens now and would be quarantined, the first `MAX_NAMES` of them. */
  readonly quarantined: string[];
  quarantinedTotal: number;
  released: number;
  /** Names of agents with a session that would run something else without being quarantined, the first `MAX_NAMES`. */
  readonly drifting: string[];
  driftingTotal: number;
  /** Agents without a session: they are judged when they connect. */
  readonly away: string[];
  awayTotal: number;
};

const MAX_NAMES = 100;
const accepting: ReadonlySet<string> = new Set(['connected', 'degraded']);

export const noImpact = (): PinImpact => ({
  agents: 0,
  matching: 0,
  differing: 0,
  unknown: 0,
  quarantined: [],
  quarantinedTotal: 0,
  released: 0,
  drifting: [],
  driftingTotal: 0,
  away: [],
  awayTotal: 0,
});

/** Adds one agent of the pool to the impact of a pin. */
export function addToImpact(
  impact: PinImpact,
  { target, pin, poolPin, pinning }: ProposedPin,
  agent: AgentView,
): void {
  const isOwn = agent.pin?.scope === 'agent';
  if (target.scope === 'agent' ? agent.name !== target.name : isOwn) return;
  addAgent(impact, { pin: pin ?? (target.scope === 'agent' ? poolPin : undefined), pinning }, agent);
}

/** Adds an agent to the impact of a pin that applies to it, and of the mode of its pool. */
export function addAgent(
  impact: PinImpact,
  { pin, pinning }: Pick<ProposedPin, 'pin' | 'pinning'>,
  agent: AgentView,
): void {
  // Its name is free, and its identity never connects again: no pin applies to it.
  if (agent.state === 'revoked') return;
  impact.agents += 1;
  const isDrifting = agent.config !== undefined && pin !== undefined && driftOf(agent.config, pin) !== 'none';
  if (agent.config === undefined) impact.unknown += 1;
  else if (isDrifting) impact.differing += 1;
  else impact.matching += 1;
  if (agent.connectedSince === undefined) {
    impact.awayTotal += 1;
    if (impact.away.length < MAX_NAMES) impact.away.push(agent.name);
  } else if (isDrifting && pinning !== 'enforce') {
    impact.driftingTotal += 1;
    if (impact.drifting.length < MAX_NAMES) impact.drifting.push(agent.name);
  }
  if (isDrifting && pinning === 'enforce') {
    if (!accepting.has(agent.state)) return;
    impact.quarantinedTotal += 1;
    if (impact.quarantined.length < MAX_NAMES) impact.quarantined.push(agent.name);
  } else if (agent.code === 'CONFIG_DRIFT' && agent.state === 'quarantined') impact.released += 1;
}
