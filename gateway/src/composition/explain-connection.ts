import type { AgentView } from '@penstock/control-plane';
import { type Reach, reach, reachStages, type SkipReason } from '@penstock/wire';
import type { DialHistory, DialRecord } from '../routing/dial-history.ts';
import type { Ejection } from '../routing/ejection.ts';
import { type WeighedSession, whyNot } from '../routing/passed-over.ts';
import type { PendingQueue } from '../routing/pending-queue.ts';
import type { Route, RouteTable } from '../routing/route-table.ts';
import { targetReach } from '../routing/target-reach.ts';

/** How far the way through one agent led when it was last tried. */
export type Evidence = {
  readonly reach: Reach;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly from: 'check' | 'client';
  readonly detail: string | undefined;
};

/** An agent as a client that came now would find it. */
export type ExplainedAgent = {
  readonly name: string;
  readonly state: AgentView['state'];
  readonly sentence: string;
  /** Why it would not be asked, or not first; undefined when it would be. */
  readonly why: SkipReason | undefined;
  readonly streams: number;
  readonly evidence: Evidence | undefined;
};

export type ExplainedPool = {
  readonly name: string;
  readonly queue: { readonly waiting: number; readonly limit: number };
  readonly agents: readonly ExplainedAgent[];
};

/** Why a connection works or does not, as far as this gateway knows without trying. */
export type Explanation = {
  readonly connection: string;
  readonly connector: string;
  readonly verdict: {
    /** Undefined where agents are ready and nobody has tried the target yet. */
    readonly reach: Reach | undefined;
    readonly sentence: string;
    readonly advice: string;
    readonly detail: string | undefined;
  };
  readonly pools: readonly ExplainedPool[];
  /** The newest first. */
  readonly attempts: readonly DialRecord[];
};

export type ExplanationSources = {
  readonly routes: Pick<RouteTable, 'route' | 'pool'>;
  readonly sessionsOf: (pool: string) => Iterable<WeighedSession>;
  readonly queue: Pick<PendingQueue, 'depth'>;
  readonly ejection: Pick<Ejection, 'isEjected'>;
  readonly checkFails: (connector: string, agentId: string) => boolean;
  readonly history: Pick<DialHistory, 'of'>;
  readonly agents: () => readonly AgentView[];
};

/** The explanation of a connection of gateway.yaml; undefined when there is none of this name. */
export function explainConnection(name: string, sources: ExplanationSources): Explanation | undefined {
  const route = sources.routes.route(name);
  if (route === undefined) return undefined;
  const attempts = sources.history.of(name);
  const known = sources.agents();
  const pools = route.pools.map((pool) => explainPool(pool, route, known, attempts, sources));
  return {
    connection: name,
    connector: route.connector,
    verdict: verdictOf(route, pools),
    pools,
    attempts,
  };
}

function explainPool(
  name: string,
  { connector }: Route,
  known: readonly AgentView[],
  attempts: readonly DialRecord[],
  { sessionsOf, queue, routes, ejection, checkFails }: ExplanationSources,
): ExplainedPool {
  const sessions = [...sessionsOf(name)];
  const agents = known
    .filter(({ pool, state }) => pool === name && state !== 'revoked')
    .map((agent) => {
      const own = sessions.filter(({ identity }) => identity.agentId === agent.id);
      return {
        name: agent.name,
        state: agent.state,
        sentence: agent.sentence,
        why: own.length === 0 ? 'no-agent' : whyNot(connector, own, { ejection, checkFails }),
        streams: own.reduce((sum, { load }) => sum + load, 0),
        evidence: evidenceOf(agent, connector, attempts),
      } as const;
    });
  const { limit = 0 } = routes.pool(name)?.queue ?? {};
  return { name, queue: { waiting: queue.depth(name), limit }, agents };
}

/** The newer of the agent's own check and the last client that went through it. */
function evidenceOf(
  agent: AgentView,
  connector: string,
  attempts: readonly DialRecord[],
): Evidence | undefined {
  const check = agent.checks.find((each) => each.connector === connector);
  const checked: Evidence | undefined = check && {
    reach: check.reach,
    at: check.at,
    from: 'check',
    detail: check.detail,
  };
  for (const { at, tries } of attempts) {
    if (checked !== undefined && checked.at > at) return checked;
    const last = tries.findLast((each) => each.agent === agent.name);
    if (last === undefined) continue;
    const found = last.failure === undefined ? 'ready' : targetReach(last.failure.code);
    if (found !== undefined) return { reach: found, at, from: 'client', detail: last.failure?.detail };
  }
  return checked;
}

/** Reasons to ask others first, and this agent all the same when there is no other. */
const LAST_RESORT: ReadonlySet<SkipReason> = new Set(['ejected', 'check-failing']);

/** The best that an agent which would be asked can do; what keeps the others away when none would be. */
function verdictOf(route: Route, pools: readonly ExplainedPool[]): Explanation['verdict'] {
  const agents = pools.flatMap((pool) => pool.agents);
  const usable = agents.filter(({ why }) => why === undefined || LAST_RESORT.has(why));
  if (usable.length === 0) {
    return { reach: 'offline', ...reach.offline, detail: offlineDetail(route, agents) };
  }
  const best = usable
    .flatMap(({ evidence, name }) => (evidence === undefined ? [] : [{ ...evidence, name }]))
    .sort((one, other) => reachStages.indexOf(other.reach) - reachStages.indexOf(one.reach))[0];
  if (best === undefined) {
    return {
      reach: undefined,
      sentence: 'An agent is ready, and nobody has tried the target through it yet.',
      advice: `Connect once, or ask an agent: penstock-gateway agent check ${usable[0]?.name} ${route.connector}.`,
      detail: undefined,
    };
  }
  const through = `Seen by ${best.name}${best.detail === undefined ? '.' : `: ${best.detail}`}`;
  return { reach: best.reach, ...reach[best.reach], detail: through };
}

function offlineDetail({ connector, pools }: Route, agents: readonly ExplainedAgent[]): string {
  const where = pools.join(' or ');
  if (agents.length === 0) return `No agent has enrolled for ${where}.`;
  const present = agents.filter(({ why }) => why !== 'no-agent');
  if (present.length === 0) {
    return `${agents.length === 1 ? 'The agent' : `None of the ${agents.length} agents`} of ${where} ${agents.length === 1 ? 'has no' : 'has a'} session.`;
  }
  if (present.every(({ why }) => why === 'no-connector')) {
    return `No agent of ${where} that is there has a connector ${connector} in its file.`;
  }
  return present.map(({ name, why }) => `${name}: ${why}`).join(', ');
}
