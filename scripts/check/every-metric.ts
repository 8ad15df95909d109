import { createAgentMetrics } from '@penstock/agent';
import { agentSeries, observeConnectionLog, observeFleet } from '@penstock/control-plane';
import { createGatewayMetrics } from '@penstock/gateway';

export type Metric = { readonly name: string; readonly help: string; readonly type: string };

/** Every metric of both programs. Gauges are registered together with their sources, which are empty here. */
export function everyMetric(): { readonly agent: readonly Metric[]; readonly gateway: readonly Metric[] } {
  const none = () => ({ ready: 0, wanted: 0, open: 0, opening: 0 });
  const agent = createAgentMetrics();
  agent.observe({
    sessions: none,
    streams: none,
    replicas: () => undefined,
    adrift: () => 0,
    identityNotAfter: () => undefined,
  });
  const gateway = createGatewayMetrics();
  gateway.observe({
    pools: () => [],
    streams: none,
    clients: () => [],
    denied: () => [],
    replicas: () => [],
    sentAway: () => 0,
    tunnelConnections: () => 0,
    tunnelRefused: () => 0,
  });
  observeConnectionLog(gateway.registry, { dropped: 0, pending: 0 });
  observeFleet(gateway.registry, {
    agents: () => 0,
    pools: () => [],
    version: '',
    certificateNotAfter: () => 0,
    alertsFiring: () => new Map(),
    receivers: () => [],
    rollouts: () => [],
    rolloutAgents: () => [],
    rolloutsHalted: () => 0,
    restartsExhausted: () => 0,
  });
  return { agent: metricsOf(agent.registry), gateway: [...metricsOf(gateway.registry), ...agentSeries] };
}

/** prom-client has no type for the complete description of a metric. */
const metricsOf = (registry: { getMetricsAsArray(): readonly unknown[] }) =>
  registry.getMetricsAsArray() as readonly Metric[];
