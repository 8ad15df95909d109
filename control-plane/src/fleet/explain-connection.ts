import { type Clock, inSlices } from '@penstock/runtime';
import type { SkipReason } from '@penstock/wire';
import type { RouteReport } from '../data-plane-port.ts';
import type { AgentView } from './agent-view.ts';
import { withClients } from './explain-clients.ts';
import { evidenceOf } from './explain-evidence.ts';
import { isLastResort, verdictOf } from './explain-verdict.ts';
import type { AgentCounts, ExplainedAgent, Explanation } from './explanation.ts';
import type { FreshChecks } from './fresh-checks.ts';

/** Agents that are asked for one explanation. */
const MAX_CHECKED_AGENTS = 3;

/**
 * Explains a route report with what the fleet knows of the agents, those without a session included, and with what some
 * usable agents find when they are asked now. Reads the agents in slices of the event loop.
 */
export async function explainConnection(
  report: RouteReport,
  agents: Iterable<AgentView>,
  checks: Pick<FreshChecks, 'check'>,
  clock: Clock,
): Promise<Explanation> {
  const known = report.pools.map(({ name, queue }) => ({ name, queue, agents: [] as ExplainedAgent[] }));
  const poolOf = new Map(known.map((pool) => [pool.name, pool]));
  const routed = new Map(report.pools.flatMap((pool) => pool.agents).map((agent) => [agent.agentId, agent]));
  let elsewhere: AgentView | undefined;
  const explain = (agent: AgentView) => {
    if (agent.state === 'revoked') return;
    const pool = poolOf.get(agent.pool);
    if (pool !== undefined) pool.agents.push(explainAgent(agent, routed.get(agent.id), report));
    else if (agent.connectors?.some((each) => each.name === report.connector)) elsewhere ??= agent;
  };
  await inSlices(agents, explain, clock);
  const fresh = await askAgents(
    known.flatMap((pool) => pool.agents),
    report.connector,
    checks,
  );
  const pools = known.map((pool) => ({
    ...pool,
    counts: countsOf(pool.agents),
    agents: pool.agents.map((agent) => fresh.get(agent.id) ?? agent),
  }));
  return {
    connection: report.connection,
    connector: report.connector,
    verdict: withClients(verdictOf(report, pools, clock.wall(), elsewhere), report, clock.wall()),
    pools,
    attempts: report.dials,
    denials: report.denials,
    source: report.source,
  };
}

function explainAgent(
  agent: AgentView,
  routed: RouteReport['pools'][number]['agents'][number] | undefined,
  { connector, dials }: RouteReport,
): ExplainedAgent {
  const { id, name, state, message, advice, detail } = agent;
  const skipReason = skipReasonOf(agent, routed);
  return {
    id,
    name,
    state,
    message,
    advice,
    detail,
    skipReason,
    streams: routed?.streams ?? 0,
    evidence: evidenceOf(agent, connector, dials),
    problem: undefined,
    isCheckable: agent.connectors?.some((each) => each.name === connector) === true,
    connectors: skipReason === 'no-connector' ? (agent.connectors ?? []).map((each) => each.name) : [],
  };
}

/** Routing knows only the sessions of an agent. The fleet knows why there are none, and why the agent is suspended. */
function skipReasonOf(
  { state, reasons }: AgentView,
  routed: { readonly skipReason: SkipReason | undefined } | undefined,
): SkipReason | undefined {
  if (routed === undefined) return state === 'identity-expired' || state === 'stale' ? state : 'no-session';
  if (routed.skipReason !== 'suspended') return routed.skipReason;
  if (reasons.some((reason) => reason.state === 'quarantined')) return 'quarantined';
  return reasons.some(({ code }) => code === 'DRAINED_BY_OPERATOR') ? 'drained' : 'suspended';
}

function countsOf(agents: readonly ExplainedAgent[]): AgentCounts {
  const counts: Partial<Record<SkipReason | 'usable', number>> = {};
  for (const { skipReason = 'usable' } of agents) counts[skipReason] = (counts[skipReason] ?? 0) + 1;
  return counts;
}

/** Asks some of the agents that a new client could get, the first choices first. Returns those with their answers. */
async function askAgents(
  agents: readonly ExplainedAgent[],
  connector: string,
  checks: Pick<FreshChecks, 'check'>,
): Promise<ReadonlyMap<string, ExplainedAgent>> {
  const usable = agents.filter(({ skipReason }) => skipReason === undefined);
  const others = agents.filter(({ skipReason }) => isLastResort(skipReason));
  const asked = [...usable, ...others].filter((agent) => agent.isCheckable).slice(0, MAX_CHECKED_AGENTS);
  const answers = await Promise.all(
    asked.map(async (agent): Promise<ExplainedAgent> => {
      const answer = await checks.check(agent, connector);
      return 'problem' in answer ? { ...agent, problem: answer.problem } : { ...agent, evidence: answer };
    }),
  );
  return new Map(answers.map((agent) => [agent.id, agent]));
}
