import type { GatewayConfig } from '@penstock/config-schema';
import { SOFTWARE_VERSION } from '@penstock/wire';
import type { Alerts } from '../alerts/alerts.ts';
import { isOlderRelease } from '../alerts/older-release.ts';
import type { AgentView } from '../fleet/agent-view.ts';
import type { OpenFleet } from '../fleet/open-fleet.ts';
import type { AgentGauges, FleetGauges } from './fleet-metrics.ts';
import { onceATurn } from './once-a-turn.ts';

/** What the metrics read of fleet and alerts. */
export function fleetGauges(
  fleet: Pick<OpenFleet, 'agents' | 'pools' | 'certificateNotAfter'>,
  alerts: Pick<Alerts, 'firing' | 'receivers'>,
  config: () => Pick<GatewayConfig, 'alerts'>,
): FleetGauges {
  const agentsNow = onceATurn(() => fleet.agents());
  return {
    version: SOFTWARE_VERSION,
    agents: onceATurn(() => agentsNow().map(agentGauges)),
    pools: onceATurn(() =>
      fleet.pools(agentsNow()).map(({ name, ready, minReady, queue, agents }) => ({
        pool: name,
        ready,
        minReady,
        queueLimit: queue.limit,
        states: agents,
      })),
    ),
    certificateNotAfter: () => fleet.certificateNotAfter(),
    alertsFiring() {
      const counts = new Map<string, number>(config().alerts.map(({ when }) => [when, 0]));
      for (const { condition } of alerts.firing) counts.set(condition, (counts.get(condition) ?? 0) + 1);
      return counts;
    },
    receivers: () => alerts.receivers,
  };
}

function agentGauges(agent: AgentView): AgentGauges {
  const { name, pool, state, softwareVersion, lastHeartbeat, clock, identityNotAfter, checks } = agent;
  const present = agent.connectedSince !== undefined;
  return {
    agent: name,
    pool,
    state,
    version: softwareVersion,
    outdated: softwareVersion !== undefined && isOlderRelease(softwareVersion, SOFTWARE_VERSION),
    lastHeartbeat,
    skew: present ? clock?.skew : undefined,
    identityNotAfter,
    cloned: agent.reasons.some(({ code }) => code === 'CLONED_IDENTITY'),
    drifted: agent.reasons.some(({ code }) => code === 'CONFIG_DRIFT'),
    failing: present ? checks.flatMap(({ connector, reach }) => (reach === 'ready' ? [] : [connector])) : [],
  };
}
