import { type Clock, inSlices } from '@penstock/runtime';
import { type CloseCode, type Reach, reach, reachStages, type SkipReason } from '@penstock/wire';
import type { DialReport, RouteReport } from '../data-plane-port.ts';
import type { AgentView } from './agent-view.ts';

/** The stage reached through one agent when it was last tried. */
export type Evidence = {
  readonly reach: Reach;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly from: 'check' | 'client';
  readonly detail: string | undefined;
};

/** An agent as a new client would find it. */
export type ExplainedAgent = {
  readonly name: string;
  readonly state: AgentView['state'];
  readonly sentence: string;
  /** Why it would not be selected, or not before others; undefined when it would be. */
  readonly skipReason: SkipReason | undefined;
  readonly streams: number;
  readonly evidence: Evidence | undefined;
};

export type ExplainedPool = {
  readonly name: string;
  readonly queue: { readonly waiting: number; readonly limit: number };
  readonly agents: readonly ExplainedAgent[];
};

/** Why a connection works or fails, as far as this gateway knows without trying it. */
export type Explanation = {
  readonly connection: string;
  readonly connector: string;
  readonly verdict: {
    /** Undefined when agents are ready but none has tried the target yet. */
    readonly reach: Reach | undefined;
    readonly sentence: string;
    readonly advice: string;
    readonly detail: string | undefined;
  };
  readonly pools: readonly ExplainedPool[];
  /** Newest first. */
  readonly attempts: readonly DialReport[];
};

/**
 * Explains a route report with what the fleet knows of the agents, those without a session included. Reads the agents in
 * slices of the event loop.
 */
export async function explainConnection(
  report: RouteReport,
  agents: Iterable<AgentView>,
  clock: Clock,
): Promise<Explanation> {
  const pools = report.pools.map(({ name, queue }) => ({ name, queue, agents: [] as ExplainedAgent[] }));
  const poolOf = new Map(pools.map((pool) => [pool.name, pool]));
  const routed = new Map(report.pools.flatMap((pool) => pool.agents).map((agent) => [agent.agentId, agent]));
  const explain = (agent: AgentView) => {
    if (agent.state === 'revoked') return;
    poolOf.get(agent.pool)?.agents.push(explainAgent(agent, routed.get(agent.id), report));
  };
  await inSlices(agents, explain, clock);
  return {
    connection: report.connection,
    connector: report.connector,
    verdict: verdictOf(report, pools),
    pools,
    attempts: report.dials,
  };
}

function explainAgent(
  agent: AgentView,
  routed: RouteReport['pools'][number]['agents'][number] | undefined,
  { connector, dials }: RouteReport,
): ExplainedAgent {
  const { name, state, sentence } = agent;
  const { skipReason, streams } = routed ?? { skipReason: 'no-agent', streams: 0 };
  return { name, state, sentence, skipReason, streams, evidence: evidenceOf(agent, connector, dials) };
}

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
function evidenceOf(agent: AgentView, connector: string, dials: readonly DialReport[]): Evidence | undefined {
  const check = agent.checks.find((each) => each.connector === connector);
  const checked: Evidence | undefined = check && {
    reach: check.reach,
    at: check.at,
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

/** Reasons to prefer other agents. Without another agent this one is selected all the same. */
const LAST_RESORT: ReadonlySet<SkipReason> = new Set(['ejected', 'check-failing']);

/** The best evidence among selectable agents; when there are none, what excludes each agent. */
function verdictOf(report: RouteReport, pools: readonly ExplainedPool[]): Explanation['verdict'] {
  const agents = pools.flatMap((pool) => pool.agents);
  const selectable = agents.filter(
    ({ skipReason }) => skipReason === undefined || LAST_RESORT.has(skipReason),
  );
  if (selectable.length === 0) {
    return { reach: 'offline', ...reach.offline, detail: offlineDetail(report, agents) };
  }
  const best = selectable
    .flatMap(({ evidence, name }) => (evidence === undefined ? [] : [{ ...evidence, name }]))
    .sort((one, other) => reachStages.indexOf(other.reach) - reachStages.indexOf(one.reach))[0];
  if (best === undefined) {
    return {
      reach: undefined,
      sentence: 'An agent is ready, but no client or check has tried the target through it yet.',
      advice: `Connect once, or run penstock-gateway agent check ${selectable[0]?.name} ${report.connector}.`,
      detail: undefined,
    };
  }
  const detail = `Seen by ${best.name}${best.detail === undefined ? '.' : `: ${best.detail}`}`;
  return { reach: best.reach, ...reach[best.reach], detail };
}

function offlineDetail({ connector, pools }: RouteReport, agents: readonly ExplainedAgent[]): string {
  const where = pools.map(({ name }) => name).join(' or ');
  if (agents.length === 0) return `No agent has enrolled for ${where}.`;
  const connected = agents.filter(({ skipReason }) => skipReason !== 'no-agent');
  if (connected.length === 0) {
    return agents.length === 1
      ? `The only agent of ${where} has no session.`
      : `None of the ${agents.length} agents of ${where} has a session.`;
  }
  if (connected.every(({ skipReason }) => skipReason === 'no-connector')) {
    return `No connected agent of ${where} has a connector ${connector} in its configuration.`;
  }
  return connected.map(({ name, skipReason }) => `${name}: ${skipReason}`).join(', ');
}
