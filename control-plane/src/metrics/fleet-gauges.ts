import type { GatewayConfig } from '@penstock/config-schema';
import type { Clock } from '@penstock/runtime';
import { SOFTWARE_VERSION } from '@penstock/wire';
import type { Registry } from 'prom-client';
import type { AlertService } from '../alerts/led-alerts.ts';
import type { OpenFleet } from '../fleet/open-fleet.ts';
import type { RestartPolicies } from '../restarts/restart-policies.ts';
import type { Rollouts } from '../rollouts/rollouts.ts';
import { agentSeriesText } from './agent-series.ts';
import type { FleetGauges } from './fleet-metrics.ts';

/** What the metrics read of fleet and alerts; nothing of it grows with the number of agents. */
export function fleetGauges(
  fleet: Pick<OpenFleet, 'size' | 'pools' | 'certificateNotAfter'>,
  alerts: Pick<AlertService, 'firing' | 'receivers'>,
  rollouts: Pick<Rollouts, 'open' | 'alarms'>,
  restarts: Pick<RestartPolicies, 'alarms'>,
  config: () => Pick<GatewayConfig, 'alerts'>,
): FleetGauges {
  return {
    version: SOFTWARE_VERSION,
    agents: () => fleet.size,
    pools: () =>
      fleet.pools().map(({ name, ready, minReady, queue, agents }) => ({
        pool: name,
        ready,
        minReady,
        queueLimit: queue.limit,
        states: agents,
      })),
    certificateNotAfter: () => fleet.certificateNotAfter(),
    alertsFiring() {
      const counts = new Map<string, number>(config().alerts.map(({ condition }) => [condition, 0]));
      for (const { condition } of alerts.firing) counts.set(condition, (counts.get(condition) ?? 0) + 1);
      return counts;
    },
    receivers: () => alerts.receivers,
    rollouts: () => rollouts.open.map(({ rollout }) => rollout.stage.state),
    rolloutAgents: () => rollouts.open.flatMap(({ agents }) => agents.map(({ state }) => state)),
    rolloutsHalted: () => rollouts.alarms.length,
    restartsExhausted: () => restarts.alarms.length,
  };
}

/** All metrics as Prometheus reads them: those of the registry, then the series of the agents. */
export function metricsSource(
  registry: Pick<Registry, 'contentType' | 'metrics'>,
  fleet: Pick<OpenFleet, 'agentsAfter'>,
  clock: Clock,
): { readonly contentType: string; text(): AsyncGenerator<string, void> } {
  return {
    contentType: registry.contentType,
    async *text() {
      yield await registry.metrics();
      yield* agentSeriesText(fleet.agentsAfter(''), clock);
    },
  };
}
