import {
  AgentHistory,
  agentConditions,
  agentStates,
  type ConditionCode,
  HistoryQuery,
  NameParams,
  PoolHistory,
  problemResponses,
  type StateChange,
  StateChangePage,
  StateChangeQuery,
} from '@penstock/api-schema';
import type { StateChangeRow, Store } from '@penstock/store';
import { ProblemError } from '@penstock/wire';
import type { OpenFleet } from '../fleet/open-fleet.ts';
import type { History } from '../history/open-history.ts';
import { type HistoryRange, historyRanges } from '../history/sample-history.ts';
import type { Points } from '../history/sample-ring.ts';
import type { FleetReader } from './fleet-reader.ts';
import { timeArgument } from './time-argument.ts';
import { timestamp } from './timestamp.ts';
import type { TypedApp } from './typed-app.ts';

export type HistoryDependencies = {
  readonly store: Pick<Store, 'stateChanges'>;
  readonly samples: History['samples'];
  readonly fleet: Pick<FleetReader, 'agent'> & Pick<OpenFleet, 'pools'>;
  readonly clock: () => number;
};

/** What agents and pools have measured, and how the states of agents have changed. */
export function historyRoutes(app: TypedApp, { store, samples, fleet, clock }: HistoryDependencies): void {
  app.get(
    '/agents/:name/history',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Get the history of an agent',
        description: 'In memory: it begins when this gateway starts.',
        tags: ['agents'],
        params: NameParams,
        querystring: HistoryQuery,
        response: { 200: AgentHistory, ...problemResponses },
      },
    },
    async ({ params: { name }, query: { range } }) => {
      const agent = fleet.agent(name);
      if (agent === undefined) throw new ProblemError('NOT_FOUND', `There is no agent named ${name}.`);
      const points = samples.ofAgent(agent.id, range, clock());
      return agentHistory(name, range, points);
    },
  );

  app.get(
    '/pools/:name/history',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Get the history of a pool',
        description: 'In memory: it begins when this gateway starts.',
        tags: ['pools'],
        params: NameParams,
        querystring: HistoryQuery,
        response: { 200: PoolHistory, ...problemResponses },
      },
    },
    async ({ params: { name }, query: { range } }) => {
      if (fleet.pools().every((pool) => pool.name !== name)) {
        throw new ProblemError('POOL_UNKNOWN', `There is no pool ${name}.`);
      }
      return poolHistory(name, range, samples.ofPool(name, range, clock()));
    },
  );

  app.get(
    '/state-changes',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'List changes of the states of agents, newest first',
        description: 'Kept for 30 days, at most 500,000.',
        tags: ['agents'],
        querystring: StateChangeQuery,
        response: { 200: StateChangePage, ...problemResponses },
      },
    },
    async ({ query: { limit, cursor, since, until, ...filter } }) => {
      const rows = await store.stateChanges.list({
        ...filter,
        limit,
        before: cursor,
        since: timeArgument('since', since),
        until: timeArgument('until', until),
      });
      const last = rows.length === limit ? rows.at(-1) : undefined;
      return {
        items: rows.filter(isKnown).map(changeOf),
        ...(last !== undefined && { nextCursor: last.id }),
      };
    },
  );
}

function agentHistory(name: string, range: HistoryRange, points: Points | undefined): AgentHistory {
  const of = columnsOf(points);
  return {
    name,
    recorded: points?.from !== undefined,
    ...headOf(range, points),
    cpuLoad: of('cpuLoad'),
    memoryUsed: of('memoryUsed'),
    eventLoopP99Ms: of('eventLoopP99Ms'),
    streams: of('streams'),
    skewSeconds: of('skewSeconds'),
    roundTripMs: of('roundTripMs'),
  };
}

function poolHistory(name: string, range: HistoryRange, points: Points | undefined): PoolHistory {
  const of = columnsOf(points);
  return {
    name,
    ...headOf(range, points),
    ready: of('ready'),
    sessions: of('sessions'),
    streams: of('streams'),
    waiting: of('waiting'),
  };
}

const headOf = (range: HistoryRange, points: Points | undefined) => ({
  intervalMs: historyRanges[range].intervalMs,
  ...(points?.from !== undefined && { from: timestamp(points.from) }),
});

const columnsOf = (points: Points | undefined) => (name: string) => points?.columns[name] ?? [];

/** An older or newer gateway on this store may know other states. */
function isKnown({ state, code }: StateChangeRow): boolean {
  return stateOf(state) !== undefined && code in agentConditions;
}

const stateOf = (text: string | null) => agentStates.find((state) => state === text);

function changeOf(row: StateChangeRow): StateChange {
  const { id, at, agent, pool, detail } = row;
  const code = row.code as ConditionCode;
  const before = stateOf(row.beforeState);
  return {
    id,
    at: timestamp(at),
    agent,
    pool,
    state: stateOf(row.state) ?? 'connected',
    code,
    message: agentConditions[code].message,
    ...(detail !== null && { detail }),
    ...(before !== undefined && { before: { state: before, code: row.beforeCode as ConditionCode } }),
  };
}
