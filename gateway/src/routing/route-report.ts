import type { SkipReason } from '@penstock/wire';
import type { DialHistory, DialRecord } from './dial-history.ts';
import type { PendingQueue } from './pending-queue.ts';
import type { RouteTable } from './route-table.ts';
import { type SelectableSession, type Selection, skipReasonOf } from './skipped-agents.ts';

/** An agent with a session, as a new client would find it. */
export type ReportedAgent = {
  readonly agentId: string;
  /** Why it would not be selected, or not before others; undefined when it would be. */
  readonly skipReason: SkipReason | undefined;
  /** Streams of all its sessions, opens in progress included. */
  readonly streams: number;
};

/** How a new client of a connection would be routed, and what happened to the most recent ones. */
export type RouteReport = {
  readonly connection: string;
  readonly connector: string;
  readonly kind?: string | undefined;
  /** In order of preference. */
  readonly pools: readonly {
    readonly name: string;
    readonly queue: { readonly waiting: number; readonly limit: number };
    readonly agents: readonly ReportedAgent[];
  }[];
  /** Newest first. */
  readonly dials: readonly DialRecord[];
};

export type RouteReportSources = Pick<Selection, 'ejection' | 'checkFails'> & {
  readonly routes: Pick<RouteTable, 'route' | 'pool'>;
  readonly sessionsOf: (pool: string) => Iterable<SelectableSession>;
  readonly queue: Pick<PendingQueue, 'depth'>;
  readonly history: Pick<DialHistory, 'of'>;
};

/** Reports on a connection of gateway.yaml; undefined when it has none of this name. */
export function reportRoute(name: string, sources: RouteReportSources): RouteReport | undefined {
  const { routes, sessionsOf, queue, history } = sources;
  const route = routes.route(name);
  if (route === undefined) return undefined;
  const { connector, kind } = route;
  return {
    connection: name,
    connector,
    kind,
    pools: route.pools.map((pool) => ({
      name: pool,
      queue: { waiting: queue.depth(pool), limit: routes.pool(pool)?.queue.limit ?? 0 },
      agents: reportAgents(connector, sessionsOf(pool), sources),
    })),
    dials: history.of(name),
  };
}

function reportAgents(
  connector: string,
  sessions: Iterable<SelectableSession>,
  { ejection, checkFails }: RouteReportSources,
): ReportedAgent[] {
  const agents = Map.groupBy(sessions, ({ identity }) => identity.agentId);
  return [...agents].map(([agentId, own]) => ({
    agentId,
    skipReason: skipReasonOf(connector, own, { ejection, checkFails }),
    streams: own.reduce((sum, { load }) => sum + load, 0),
  }));
}
