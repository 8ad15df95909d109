import { type AgentConfig, formatHostPort } from '@penstock/config-schema';
import { SOFTWARE_VERSION } from '@penstock/wire';
import type { ReadinessReport } from '../health/readiness.ts';
import type { IdentityKeeper } from '../identity/identity-keeper.ts';
import type { AgentStatus } from '../local/status.ts';
import type { PinWatch } from '../policy/watch-pin.ts';
import type { ConnectorChecks } from '../target/checks/connector-checks.ts';
import type { ParallelSessions } from '../tunnel/parallel-sessions.ts';
import type { GatewayLink } from './gateway-link.ts';

export type StatusSources = {
  /** The name and pool at the start. Changes take effect after a restart. */
  readonly name: string;
  readonly pool: string;
  readonly config: () => AgentConfig;
  readonly keeper: Pick<IdentityKeeper, 'current'>;
  readonly pinWatch: Pick<PinWatch, 'status'>;
  readonly link: GatewayLink;
  readonly sessions: Pick<ParallelSessions, 'ready' | 'wanted' | 'replicas' | 'streams' | 'adrift'>;
  readonly checks: Pick<ConnectorChecks, 'resultOf'>;
};

/** States announced by the gateway in which it routes no new connections to the agent. */
const SUSPENDED: ReadonlySet<string> = new Set(['revoked', 'identity-expired', 'quarantined', 'draining']);

/** Whether clients can be served through this agent: the gateway acknowledges its heartbeats and routes to it. */
export function agentReadiness({
  link,
  pinWatch,
}: Pick<StatusSources, 'link' | 'pinWatch'>): ReadinessReport {
  const { reasons } = link.readiness.report();
  const { agentState, pin } = pinWatch.status();
  // The gateway only repeats what the agent has announced.
  const isKnown = agentState === 'draining' && link.readiness.isDraining;
  const suspended =
    agentState === undefined || isKnown || !SUSPENDED.has(agentState)
      ? []
      : [
          `The gateway routes no new connections to this agent: its state there is ${agentState}${pin?.drifted ? ', because its configuration differs from the pinned one' : ''}.`,
        ];
  const all = [...reasons, ...suspended];
  return { ready: all.length === 0, reasons: all };
}

/** The agent as it sees itself now. */
export function agentStatus(sources: StatusSources): AgentStatus {
  const { name, pool, config, keeper, pinWatch, link, sessions, checks } = sources;
  const { version, digest, gateway, connectors } = config();
  const readiness = agentReadiness({ link, pinWatch });
  return {
    name,
    pool,
    agentId: keeper.current?.agentId,
    version: SOFTWARE_VERSION,
    config: { version, digest },
    ...pinWatch.status(),
    gateway: gateway.url,
    ...readiness,
    sessions: { wanted: sessions.wanted, ready: sessions.ready },
    replicas: sessions.replicas,
    streams: sessions.streams,
    adrift: sessions.adrift,
    identityNotAfter: keeper.current && new Date(keeper.current.notAfter).toISOString(),
    clockOffset: link.readiness.report().ready ? Math.round(link.clockOffset) : undefined,
    lastFailure: link.lastFailure,
    connectors: connectors.map((connector) => ({
      name: connector.name,
      kind: connector.kind,
      address: formatHostPort(connector.address),
      check: checks.resultOf(connector.name),
    })),
  };
}
