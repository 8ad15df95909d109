import type { RestartCondition, RestartPolicy } from '@penstock/config-schema';
import type { AgentView } from '../fleet/agent-view.ts';

const MIB = 1024 * 1024;

export type FoundCondition = { readonly condition: RestartCondition; readonly detail: string };

/** The condition of a policy that an agent has, the first of the policy. `pool` are the connected agents of its pool. */
export function conditionOf(
  agent: AgentView,
  { when, memoryAbove }: Pick<RestartPolicy, 'when' | 'memoryAbove'>,
  pool: readonly AgentView[],
): FoundCondition | undefined {
  const details: Readonly<Record<RestartCondition, () => string | undefined>> = {
    'connector-failing': () => failingConnector(agent, pool),
    'heartbeat-missing': () =>
      agent.reasons.some(({ code }) => code === 'HEARTBEAT_MISSING') ? 'It sends no heartbeats.' : undefined,
    'memory-above': () => {
      const used = agent.memory?.processBytes ?? 0;
      return used > memoryAbove ? `It uses ${Math.round(used / MIB)} MiB of memory.` : undefined;
    },
  };
  for (const condition of when) {
    const detail = details[condition]();
    if (detail !== undefined) return { condition, detail };
  }
  return undefined;
}

/** A connector that this agent does not reach. If no other agent reaches it either, a restart would not help. */
function failingConnector({ id, checks }: AgentView, pool: readonly AgentView[]): string | undefined {
  for (const { connector, reach } of checks) {
    if (reach === 'ready') continue;
    const others = pool
      .filter((peer) => peer.id !== id)
      .flatMap((peer) => peer.checks.filter((check) => check.connector === connector));
    if (others.length > 0 && others.every((check) => check.reach !== 'ready')) continue;
    return `The check of connector ${connector} fails.`;
  }
  return undefined;
}
