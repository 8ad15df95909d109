import type { ConditionCode } from '@penstock/api-schema';
import type { GatewayConfig } from '@penstock/config-schema';
import { reach, SOFTWARE_VERSION } from '@penstock/wire';
import type { AgentView } from '../fleet/agent-view.ts';
import type { OpenFleet } from '../fleet/open-fleet.ts';
import type { ActiveCondition } from './active-condition.ts';
import type { AlertsOptions } from './alerts.ts';
import type { AgentSnapshot, ConnectionSnapshot } from './fleet-snapshot.ts';

/** After this time a newly connected agent has reported the first check of each connector, or never will. */
const FIRST_CHECKS_MS = 2 * 60_000;

/** Reads from the fleet what alert conditions need. `now` is in milliseconds since 1970. */
export function takeFleetSnapshot(
  fleet: Pick<OpenFleet, 'agentsAfter' | 'pools' | 'certificateNotAfter'>,
  { health }: Pick<GatewayConfig, 'health'>,
  connections: Iterable<ConnectionSnapshot>,
  reported: readonly ActiveCondition[],
  now: number,
): ReturnType<AlertsOptions['snapshot']> {
  return {
    agents: Iterator.from(fleet.agentsAfter(''))
      .filter(({ state }) => state !== 'revoked')
      .map((agent) => agentSnapshot(agent, now)),
    pools: fleet.pools().map(({ name, ready, minReady, queue }) => ({
      name,
      ready,
      minReady,
      waiting: queue.waiting,
      queueLimit: queue.limit,
    })),
    gateway: {
      softwareVersion: SOFTWARE_VERSION,
      certificateNotAfter: fleet.certificateNotAfter(),
    },
    certificateExpiryWarning: health.certificateExpiryWarning,
    connections,
    reported,
    failingOpens: {
      percent: health.failingOpensPercent,
      minimum: health.failingOpensMinimum,
      windowMs: health.failingOpensWindow,
    },
  };
}

function agentSnapshot(agent: AgentView, now: number): AgentSnapshot {
  const { name, pool, checks, connectors = [], connectedSince, softwareVersion } = agent;
  const checked = new Set(checks.map(({ connector }) => connector));
  const isNew = connectedSince !== undefined && now - connectedSince < FIRST_CHECKS_MS;
  return {
    name,
    pool,
    isConnected: connectedSince !== undefined,
    stale: detailOf(agent, 'HEARTBEAT_MISSING'),
    skewed: detailOf(agent, 'CLOCK_SKEW'),
    isClockKnown: agent.clock !== undefined,
    expiring: detailOf(agent, 'IDENTITY_EXPIRED') ?? detailOf(agent, 'IDENTITY_EXPIRING'),
    drifted: detailOf(agent, 'CONFIG_DRIFT'),
    cloned: detailOf(agent, 'CLONED_IDENTITY'),
    failing: checks.flatMap((check) =>
      check.reach === 'ready'
        ? []
        : [{ connector: check.connector, detail: joined(reach[check.reach].message, check.detail) }],
    ),
    unchecked: isNew ? connectors.map((each) => each.name).filter((each) => !checked.has(each)) : [],
    softwareVersion,
  };
}

/** The detail that concerns this agent, or else the condition's sentence. Undefined when the condition does not hold. */
function detailOf({ reasons }: AgentView, code: ConditionCode): string | undefined {
  const reason = reasons.find((each) => each.code === code);
  return reason && (reason.detail ?? reason.message);
}

const joined = (...sentences: readonly (string | undefined)[]) =>
  sentences.filter((sentence) => sentence !== undefined && sentence !== '').join(' ');
