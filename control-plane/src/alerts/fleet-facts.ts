import type { GatewayConfig } from '@penstock/config-schema';
import { reach, SOFTWARE_VERSION } from '@penstock/wire';
import type { ConditionCode } from '../fleet/agent-state.ts';
import type { AgentView } from '../fleet/agent-view.ts';
import type { OpenFleet } from '../fleet/open-fleet.ts';
import type { AlertsOptions } from './alerts.ts';
import type { AgentFacts } from './facts.ts';

/** Milliseconds after which an agent that came has checked its connectors, or never will. */
const FIRST_CHECKS = 2 * 60_000;

/** What alerts look at, read from the fleet at `now`, milliseconds since 1970. */
export function fleetFacts(
  fleet: Pick<OpenFleet, 'agents' | 'pools' | 'certificateNotAfter'>,
  { health }: Pick<GatewayConfig, 'health'>,
  now: number,
): ReturnType<AlertsOptions['facts']> {
  const agents = fleet.agents();
  return {
    agents: agents.flatMap((agent) => (agent.state === 'revoked' ? [] : [factsOf(agent, now)])),
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

function factsOf(agent: AgentView, now: number): AgentFacts {
  const { name, pool, checks, connectors = [], connectedSince, softwareVersion } = agent;
  const checked = new Set(checks.map(({ connector }) => connector));
  const isNew = connectedSince !== undefined && now - connectedSince < FIRST_CHECKS;
  return {
    name,
    pool,
    present: connectedSince !== undefined,
    stale: wordsOf(agent, 'HEARTBEAT_MISSING'),
    skewed: wordsOf(agent, 'CLOCK_SKEW'),
    clockKnown: agent.clock !== undefined,
    expiring: wordsOf(agent, 'IDENTITY_EXPIRED') ?? wordsOf(agent, 'IDENTITY_EXPIRING'),
    drifted: wordsOf(agent, 'CONFIG_DRIFT'),
    cloned: wordsOf(agent, 'CLONED_IDENTITY'),
    failing: checks.flatMap((check) =>
      check.reach === 'ready'
        ? []
        : [{ connector: check.connector, detail: sentences(reach[check.reach].sentence, check.detail) }],
    ),
    unchecked: isNew ? connectors.map((each) => each.name).filter((each) => !checked.has(each)) : [],
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
