import { agentConditions, type ConditionCode } from '@penstock/api-schema';
import { type Reach, reach } from '@penstock/wire';
import type { Reason } from '../fleet/reason.ts';
import type { ListedAgent } from '../fleet/search-fleet.ts';
import {
  type AttentionConnection,
  type AttentionGroup,
  type AttentionSeverity,
  affectedConnections,
} from './attention-group.ts';

/** Agents that a group names. */
const MAX_NAMED_AGENTS = 5;
/** Groups that are told apart. Connectors are named by agents, so their number is theirs to choose. */
const MAX_GROUPS = 500;

const notices: ReadonlySet<ConditionCode> = new Set(['DRAINED_BY_OPERATOR', 'AGENT_LEAVING']);

type Collected = {
  readonly code: ConditionCode;
  readonly state: Reason['state'];
  readonly pool: string;
  readonly connector: string | undefined;
  readonly reach: Reach | undefined;
  count: number;
  since: number;
  detail: string | undefined;
  readonly agents: string[];
};

/** The conditions of agents, grouped by code, pool, and for a failing check by connector and stage. Add one agent at a time. */
export class AgentGroups {
  readonly #groups = new Map<string, Collected>();

  add(agent: ListedAgent): void {
    for (const reason of agent.reasons) {
      if (reason.code === 'CONNECTED' || reason.code === 'IDENTITY_REVOKED') continue;
      if (reason.code !== 'CONNECTOR_FAILING') {
        this.#addTo(agent, reason, undefined, undefined, reason.detail);
        continue;
      }
      for (const { connector, reach: stage, detail } of agent.checks) {
        if (stage !== 'ready') this.#addTo(agent, reason, connector, stage, detail);
      }
    }
  }

  #addTo(
    { name, pool }: ListedAgent,
    { code, state, since }: Reason,
    connector: string | undefined,
    stage: Reach | undefined,
    detail: string | undefined,
  ): void {
    const key = [code, state, pool, stage ?? '', connector ?? ''].join(' ');
    const group = this.#groups.get(key);
    if (group === undefined) {
      if (this.#groups.size === MAX_GROUPS) return;
      this.#groups.set(key, {
        code,
        state,
        pool,
        connector,
        reach: stage,
        count: 1,
        since,
        detail,
        agents: [name],
      });
      return;
    }
    group.count += 1;
    group.since = Math.min(group.since, since);
    if (group.detail !== detail) group.detail = undefined;
    if (group.agents.length < MAX_NAMED_AGENTS) group.agents.push(name);
  }

  /** The groups; `readyIn` returns how many agents of a pool accept opens. */
  groups(
    connections: readonly AttentionConnection[],
    readyIn: (pool: string) => number,
  ): readonly AttentionGroup[] {
    const failing = new Map<string, number>();
    for (const { pool, connector, count } of this.#groups.values()) {
      const key = `${pool} ${connector}`;
      if (connector !== undefined) failing.set(key, (failing.get(key) ?? 0) + count);
    }
    return [...this.#groups.values()].map((group) => {
      const { code, pool, connector, reach: stage } = group;
      const affected = affectedConnections(connections, { pool, connector });
      const isEverywhere =
        connector !== undefined && (failing.get(`${pool} ${connector}`) ?? 0) >= Math.max(1, readyIn(pool));
      return {
        ...group,
        severity: severityOf(code, isEverywhere && affected.connectionsTotal > 0),
        ...(stage === undefined ? textOf(code) : reach[stage]),
        ...affected,
      };
    });
  }
}

const textOf = (code: ConditionCode) => {
  const { message, advice } = agentConditions[code];
  return { message, advice };
};

function severityOf(code: ConditionCode, isEverywhere: boolean): AttentionSeverity {
  if (isEverywhere) return 'critical';
  return notices.has(code) ? 'notice' : 'warning';
}
