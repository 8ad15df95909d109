import type { GatewayConfig } from '@penstock/config-schema';
import { reach, SOFTWARE_VERSION } from '@penstock/wire';
import type { ConditionCode } from '../agent-state.ts';
import type { AgentView } from '../agent-view.ts';
import type { OpenFleet } from '../open-fleet.ts';
import type { AlertsOptions } from './alerts.ts';
import type { AgentFacts } from './facts.ts';

/** What alerts look at, read from the fleet. */
export function fleetFacts(
  fleet: Pick<OpenFleet, 'agents' | 'pools' | 'certificateNotAfter'>,
  { health }: Pick<GatewayConfig, 'health'>,
): ReturnType<AlertsOptions['facts']> {
  const agents = fleet.agents();
  return {
    agents: agents.flatMap((agent) => (agent.state === 'revoked' ? [] : [factsOf(agent)])),
    pools: fleet.pools(agents).map(({ name, ready, minReady, queue }) => ({
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
    certificateExpiry: health.certificateExpiry,
  };
}

function factsOf(agent: AgentView): AgentFacts {
  const { name, pool, checks, softwareVersion } = agent;
  return {
    name,
    pool,
    present: agent.connectedSince !== undefined,
    stale: wordsOf(agent, 'HEARTBEAT_MISSING'),
    skewed: wordsOf(agent, 'CLOCK_SKEW'),
    expiring: wordsOf(agent, 'IDENTITY_EXPIRED') ?? wordsOf(agent, 'IDENTITY_EXPIRING'),
    drifted: wordsOf(agent, 'CONFIG_DRIFT'),
    failing: checks.flatMap((check) =>
      check.reach === 'ready'
        ? []
        : [{ connector: check.connector, detail: sentences(reach[check.reach].sentence, check.detail) }],
    ),
    softwareVersion,
  };
}

/** What is particular to this agent, or else the sentence of the condition; undefined when it does not hold. */
function wordsOf({ reasons }: AgentView, code: ConditionCode): string | undefined {
  const reason = reasons.find((each) => each.code === code);
  return reason && (reason.detail ?? reason.sentence);
}

const sentences = (...texts: readonly (string | undefined)[]) =>
  texts.filter((text) => text !== undefined && text !== '').join(' ');
