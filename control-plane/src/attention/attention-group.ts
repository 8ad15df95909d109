import type { AgentState, ConditionCode } from '@penstock/api-schema';
import type { AlertCondition } from '@penstock/config-schema';
import type { Reach } from '@penstock/wire';

/** `critical`: clients cannot connect, or soon cannot. `notice`: someone wanted it so. */
export type AttentionSeverity = 'critical' | 'warning' | 'notice';

/** One thing that is wrong, for all agents that have it in common. Times are milliseconds since 1970. */
export type AttentionGroup = {
  readonly severity: AttentionSeverity;
  /** A condition of agents or of alerts, or what keeps the gateway from being ready. */
  readonly code: ConditionCode | AlertCondition | 'STORE_UNAVAILABLE' | 'GATEWAY_NOT_READY';
  readonly state: AgentState | undefined;
  readonly pool: string | undefined;
  readonly connector: string | undefined;
  /** The stage at which the checks of the connector stop. */
  readonly reach: Reach | undefined;
  /** Agents concerned; 0 if it is not about agents. */
  readonly count: number;
  /** When the first of them had it; undefined if that is not known. */
  readonly since: number | undefined;
  readonly message: string;
  readonly advice: string;
  /** What is specific to the group, or to its only agent. */
  readonly detail: string | undefined;
  /** Names of some of the agents. */
  readonly agents: readonly string[];
  /** Names of some of the connections whose clients can notice it, and the number of all of them. */
  readonly connections: readonly string[];
  readonly connectionsTotal: number;
};

/** What a route needs, as far as attention looks at it. */
export type AttentionConnection = {
  readonly name: string;
  readonly connector: string;
  readonly pools: readonly string[];
};

const MAX_NAMED_CONNECTIONS = 20;

/** The connections that use a pool, and in it a connector if that is given. */
export function affectedConnections(
  connections: readonly AttentionConnection[],
  { pool, connector }: { readonly pool: string | undefined; readonly connector: string | undefined },
): Pick<AttentionGroup, 'connections' | 'connectionsTotal'> {
  const affected = connections.filter(
    (each) =>
      (pool === undefined || each.pools.includes(pool)) &&
      (connector === undefined || each.connector === connector),
  );
  return {
    connections: affected.slice(0, MAX_NAMED_CONNECTIONS).map(({ name }) => name),
    connectionsTotal: affected.length,
  };
}

const ranks: Readonly<Record<AttentionSeverity, number>> = { critical: 0, warning: 1, notice: 2 };

/** The most severe first; then what affects most connections, and what concerns most agents. */
export function compareGroups(one: AttentionGroup, other: AttentionGroup): number {
  return (
    ranks[one.severity] - ranks[other.severity] ||
    other.connectionsTotal - one.connectionsTotal ||
    other.count - one.count ||
    (one.since ?? 0) - (other.since ?? 0)
  );
}
