import type { AgentHealth } from '@penstock/updater';
import { SOFTWARE_VERSION } from '@penstock/wire';
import type { ConnectorChecks } from '../target/checks/connector-checks.ts';
import type { ParallelSessions } from '../tunnel/parallel-sessions.ts';
import type { GatewayLink } from './gateway-link.ts';

export type AgentHealthSources = {
  readonly link: Pick<GatewayLink, 'readiness' | 'isBusy'>;
  readonly checks: Pick<ConnectorChecks, 'results'>;
  readonly sessions: Pick<ParallelSessions, 'ready' | 'wanted'>;
};

/** How this agent is doing, for the updater that watches its version. */
export function agentHealth({
  link,
  checks,
  sessions: { ready, wanted },
}: AgentHealthSources): Omit<AgentHealth, 'format' | 'at'> {
  const acknowledged = link.readiness.report().ready;
  const hasAllSessions = acknowledged && ready >= wanted;
  return {
    version: SOFTWARE_VERSION,
    acknowledged,
    sessions: { ready, wanted },
    failing: checks.results.filter(({ reach }) => reach !== 'ready').map(({ connector }) => connector),
    // A failure before it had all its sessions excuses nothing that is wrong now.
    isGatewayBusy: !hasAllSessions && link.isBusy,
  };
}
