import type { Advice } from '@penstock/api-schema';
import { suggest } from '@penstock/config-schema';
import { type Reach, reach, reachStages, type SkipReason } from '@penstock/wire';
import type { RouteReport } from '../data-plane-port.ts';
import { ageText, type Evidence, MAX_EVIDENCE_AGE_MS } from './explain-evidence.ts';
import type { ExplainedAgent, ExplainedPool, Verdict } from './explanation.ts';

/** Reasons to prefer other agents. Without another agent this one is selected all the same. */
export const isLastResort = (reason: SkipReason | undefined): boolean =>
  reason === 'ejected' || reason === 'check-failing';

const isSelectable = ({ skipReason }: ExplainedAgent) => skipReason === undefined || isLastResort(skipReason);

/** Reasons that say an agent is not connected. */
const NOT_CONNECTED: ReadonlySet<SkipReason> = new Set(['no-session', 'stale', 'identity-expired']);

/** An agent of a pool that the connection does not use, although it has its connector. */
export type Elsewhere = { readonly name: string; readonly pool: string };

/** Checks do not log in. */
const READY_ADVICE =
  'If clients fail nevertheless, their errors are from the target: user, password, database and its own access rules are not ' +
  "checked, and it sees the address of the agent's host.";

/** The best recent evidence among selectable agents; when there are none, what excludes the agents. */
export function verdictOf(
  report: RouteReport,
  pools: readonly ExplainedPool[],
  now: number,
  elsewhere?: Elsewhere,
): Verdict {
  const agents = pools.flatMap((pool) => pool.agents);
  const selectable = agents.filter(isSelectable);
  if (selectable.length === 0) return withoutAgent(report, agents, elsewhere);
  const seen = selectable
    .flatMap(({ evidence, name }) => (evidence === undefined ? [] : [{ ...evidence, agent: name }]))
    .sort(byStageAndTime);
  const best = seen.find(({ at }) => now - at <= MAX_EVIDENCE_AGE_MS);
  if (best === undefined) return notKnown(report, selectable, seen[0], now);
  return {
    reach: best.reach,
    ...reach[best.reach],
    ...(best.reach === 'ready' && { advice: READY_ADVICE }),
    detail: [observed(best, now), ...otherFindings(best, seen, now)].join(' '),
    at: best.at,
    agent: best.agent,
  };
}

type Seen = Evidence & { readonly agent: string };

/** The furthest stage first, and the newest observation of it. */
const byStageAndTime = (one: Seen, other: Seen) =>
  reachStages.indexOf(other.reach) - reachStages.indexOf(one.reach) || other.at - one.at;

const sources = {
  check: "the agent's own check",
  client: 'a client',
  explain: 'a check made just now',
} as const;

function observed({ agent, at, from, detail }: Seen, now: number): string {
  const when = from === 'explain' ? '' : `, ${ageText(now - at)} ago`;
  return `Seen by ${sources[from]} through ${agent}${when}${detail === undefined ? '.' : `: ${sentence(detail)}`}`;
}

/** Errors of the system end without a period. */
const sentence = (text: string) => (/[.!?]$/.test(text) ? text : `${text}.`);

/** Up to three agents that are worse off than the best one. */
function otherFindings(best: Seen, seen: readonly Seen[], now: number): string[] {
  const worse = seen.filter((each) => each.reach !== best.reach && now - each.at <= MAX_EVIDENCE_AGE_MS);
  if (worse.length === 0) return [];
  const named = worse.slice(0, 3).map((each) => `${each.agent} (${each.reach})`);
  const more = worse.length > named.length ? ` and ${worse.length - named.length} more` : '';
  return [`Not through ${named.join(', ')}${more}.`];
}

function notKnown(
  { connector }: RouteReport,
  selectable: readonly ExplainedAgent[],
  last: Seen | undefined,
  now: number,
): Verdict {
  const [first] = selectable;
  const problems = selectable.flatMap(({ problem }) => (problem === undefined ? [] : [problem])).slice(0, 3);
  const before =
    last === undefined
      ? 'No client or check has tried it yet.'
      : `The last observation is ${ageText(now - last.at)} old: ${last.reach}, by ${sources[last.from]} through ${last.agent}.`;
  const why = problems.map(sentence);
  return {
    reach: undefined,
    message: 'An agent is available, but it is not known whether the target answers.',
    advice: 'Connect once, or have an agent check it.',
    command: `penstock-gateway agent check ${first?.name} ${connector}`,
    detail: [before, ...why].join(' '),
    at: last?.at,
    agent: last?.agent,
  };
}

/** What excludes the agents, with a count for each reason. */
function withoutAgent(
  { connector, pools }: RouteReport,
  agents: readonly ExplainedAgent[],
  elsewhere: Elsewhere | undefined,
): Verdict {
  const where = pools.map(({ name }) => name).join(' or ');
  const none = { at: undefined, agent: undefined };
  if (agents.length === 0) {
    const { message } = reach.offline;
    return { reach: 'offline', message, ...describeNobody(where, connector, elsewhere), ...none };
  }
  const byReason = Map.groupBy(agents, ({ skipReason = 'no-session' }) => skipReason);
  const counted = [...byReason].sort(([, one], [, other]) => other.length - one.length);
  const isConnected = counted.some(([reason]) => !NOT_CONNECTED.has(reason));
  const stage: Reach = isConnected ? 'unavailable' : 'offline';
  const [[mainReason, [example]] = ['no-session' as SkipReason, agents]] = counted.filter(
    ([reason]) => !isConnected || !NOT_CONNECTED.has(reason),
  );
  const subject = describeExcluded(where, agents, counted);
  const because =
    mainReason === 'no-connector'
      ? [describeConnectors(connector, example)]
      : example?.detail === undefined
        ? []
        : [`${example.name}: ${sentence(example.detail)}`];
  return {
    reach: stage,
    message: isConnected ? subject : reach.offline.message,
    ...adviceFor(mainReason, connector, example),
    detail: [...(isConnected ? [] : [subject]), ...because].join(' ') || undefined,
    ...none,
  };
}

/** No agent has enrolled for the pools of the connection. The gateway cannot know of agents that do not reach it. */
function describeNobody(where: string, connector: string, elsewhere: Elsewhere | undefined) {
  const detail = `No agent has enrolled for ${where}.`;
  if (elsewhere === undefined) {
    return {
      detail,
      advice:
        'The gateway cannot know why an agent does not reach it. Run penstock-agent doctor on the host where one should be.',
    };
  }
  return {
    detail: `${detail} ${elsewhere.name} of ${elsewhere.pool} has a connector ${connector}.`,
    advice: 'Correct pools of the connection in gateway.yaml, or pool in agent.yaml.',
  };
}

/** Connectors that a detail names. */
const MAX_NAMED_CONNECTORS = 10;

function describeConnectors(connector: string, agent: ExplainedAgent | undefined): string {
  const { name = '', connectors = [] } = agent ?? {};
  const near = suggest(connector, connectors);
  if (near !== undefined) return `${name} has a connector ${near}.`;
  const more = connectors.length - MAX_NAMED_CONNECTORS;
  const named = connectors.slice(0, MAX_NAMED_CONNECTORS).join(', ');
  return `${name} has the connectors ${named || '(none)'}${more > 0 ? ` and ${more} more` : ''}.`;
}

function describeExcluded(
  where: string,
  agents: readonly ExplainedAgent[],
  counted: readonly (readonly [SkipReason, readonly ExplainedAgent[]])[],
): string {
  const [only] = agents;
  const [[reason] = ['no-session' as SkipReason]] = counted;
  const haveNoSession = counted.length === 1 && reason === 'no-session';
  if (agents.length === 1) {
    return haveNoSession
      ? `The only agent of ${where} has no session.`
      : `The only agent of ${where}, ${only?.name}, is ${inWords[reason]}.`;
  }
  if (haveNoSession) return `None of the ${agents.length} agents of ${where} has a session.`;
  const each = counted.map(([why, { length }]) => `${length} ${inWords[why]}`).join(', ');
  return `None of the ${agents.length} agents of ${where} can be used: ${each}.`;
}

/** Completes "2 agents are …". */
const inWords: Readonly<Record<SkipReason, string>> = {
  'no-agent': 'without a session',
  'no-session': 'without a session',
  stale: 'stale, without a session or a heartbeat',
  'no-connector': 'without this connector in its agent.yaml',
  'no-address': 'without this address in its agent.yaml',
  draining: 'draining',
  quarantined: 'quarantined',
  drained: 'drained by an operator',
  suspended: 'suspended',
  'identity-expired': 'without a valid certificate',
  full: 'at the stream limit',
  'replica-away': 'at a replica that cannot be reached',
  'other-agent': 'reserved',
  tried: 'tried already',
  'session-lost': 'reconnecting',
  ejected: 'ejected',
  'check-failing': 'failing the check',
  'later-pool': 'in a later pool',
  busier: 'busier',
};

function adviceFor(reason: SkipReason, connector: string, example: ExplainedAgent | undefined): Advice {
  const name = example?.name ?? 'AGENT';
  const own = example?.advice ?? reach.offline.advice;
  switch (reason) {
    case 'no-connector':
      return {
        advice: `Add a connector ${connector} to the agent's agent.yaml, or correct connector in gateway.yaml.`,
      };
    case 'full':
      return { advice: 'Add sessions (gateway.sessions in agent.yaml) or agents, or close idle clients.' };
    case 'replica-away':
      return {
        advice: 'Check the network between the replicas.',
        command: 'penstock-gateway replica list',
      };
    case 'draining':
      return {
        advice:
          'Wait until the agent has reconnected. If it was not restarted intentionally, check its host.',
      };
    case 'drained':
      return {
        advice: `Resume ${name} when it should receive clients again.`,
        command: `penstock-gateway agent resume ${name}`,
      };
    default:
      return { advice: own, command: `penstock-gateway agent show ${name}` };
  }
}
