import type { AlertCondition } from '@penstock/config-schema';
import { type Clock, inSlices } from '@penstock/runtime';
import { isOlderRelease } from '../fleet/older-release.ts';
import type { ActiveCondition } from './active-condition.ts';
import { evaluateConnection } from './evaluate-connection.ts';
import type { AgentSnapshot, ConnectionSnapshot, FleetSnapshot, PoolSnapshot } from './fleet-snapshot.ts';

export type Evaluation = {
  /** By `alertKey`. */
  readonly active: ReadonlyMap<string, ActiveCondition>;
  /** Whether it is unknown if the condition behind `alertKey` still holds. Its alert then keeps its state. */
  readonly isUndecided: (alertKey: string) => boolean;
};

/** Share of the queue limit at which queue-near-limit begins to hold. */
const QUEUE_FULL_SHARE = 0.8;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** Identifies an alert: at most one exists for each condition and subject. */
export const alertKey = ({ condition, subject }: Pick<ActiveCondition, 'condition' | 'subject'>): string =>
  `${condition} ${subject}`;

/** Evaluates the conditions in `watched`, agent by agent in slices of the event loop. */
export async function evaluateConditions(
  snapshot: FleetSnapshot,
  watched: ReadonlySet<AlertCondition>,
  clock: Clock,
): Promise<Evaluation> {
  const active = new Map<string, ActiveCondition>();
  const undecided = new Set<string>();
  const add = (condition: ActiveCondition, isDecided = true) => {
    if (!watched.has(condition.condition)) return;
    if (isDecided) active.set(alertKey(condition), condition);
    else undecided.add(alertKey(condition));
  };
  // The connectors of a disconnected agent are unknown, so alerts about them keep their state.
  const disconnected = new Set<string>();
  const evaluate = (agent: AgentSnapshot) => {
    if (!agent.isConnected) disconnected.add(`${agent.pool}/${agent.name}`);
    evaluateAgent(agent, snapshot, add);
  };
  await inSlices(snapshot.agents, evaluate, clock);
  for (const pool of snapshot.pools) evaluatePool(pool, snapshot.isSettled, add);
  if (watched.has('connection-failing')) {
    const evaluateOne = (connection: ConnectionSnapshot) => {
      const found = evaluateConnection(connection, snapshot.failingOpens);
      if (found !== undefined) add(found.condition, found.isDecided);
    };
    await inSlices(snapshot.connections, evaluateOne, clock);
  }
  evaluateGateway(snapshot, add);
  for (const condition of snapshot.reported) add(condition);
  return {
    active,
    isUndecided: (key) =>
      undecided.has(key) ||
      disconnected.has(/^connector-failing connector:(.+)\/[^/]+$/.exec(key)?.[1] ?? ''),
  };
}

type Add = (condition: ActiveCondition, isDecided?: boolean) => void;

function evaluateAgent(agent: AgentSnapshot, { isSettled, gateway }: FleetSnapshot, add: Add): void {
  const { name, pool, isConnected } = agent;
  const addForAgent = (condition: AlertCondition, detail: string | undefined, isDecided = true) => {
    const subject = `agent:${name}`;
    if (detail !== undefined) add({ condition, subject, pool, detail });
    else if (!isDecided) add({ condition, subject, pool, detail: '' }, false);
  };
  // A disconnected agent that is not stale yet has not returned either: an alert that fires for it stays.
  addForAgent('agent-stale', isSettled || isConnected ? agent.stale : undefined, isConnected);
  // The expiry of a disconnected agent's certificate is known; whether the agent still renews it is not.
  addForAgent('identity-expiring', agent.expiring, isConnected);
  addForAgent('clock-skew', isConnected ? agent.skewed : undefined, isConnected && agent.isClockKnown);
  addForAgent('config-drift', isConnected ? agent.drifted : undefined, isConnected);
  addForAgent('identity-cloned', isConnected ? agent.cloned : undefined, isConnected);
  const { softwareVersion } = agent;
  const isOutdated =
    softwareVersion !== undefined && isOlderRelease(softwareVersion, gateway.softwareVersion);
  addForAgent(
    'software-outdated',
    isOutdated && isConnected
      ? `The agent runs ${softwareVersion}; the gateway runs ${gateway.softwareVersion}.`
      : undefined,
    isConnected,
  );
  if (!isConnected) return;
  const addForConnector = (connector: string, detail: string, isDecided: boolean) => {
    const subject = `connector:${pool}/${name}/${connector}`;
    add({ condition: 'connector-failing', subject, pool, detail }, isDecided);
  };
  for (const { connector, detail } of agent.failing) addForConnector(connector, detail, true);
  for (const connector of agent.unchecked) addForConnector(connector, '', false);
}

function evaluatePool(pool: PoolSnapshot, isSettled: boolean, add: Add): void {
  const { name, ready, minReady, waiting, queueLimit } = pool;
  const subject = `pool:${name}`;
  if (ready < minReady) {
    const detail = `${ready} of at least ${minReady} agents are ready.`;
    add({ condition: 'pool-below-min-ready', subject, pool: name, detail }, isSettled);
  }
  if (queueLimit > 0 && waiting >= queueLimit * QUEUE_FULL_SHARE) {
    const detail = `${waiting} clients are waiting; the limit is ${queueLimit}.`;
    add({ condition: 'queue-near-limit', subject, pool: name, detail });
  }
}

function evaluateGateway({ gateway, now, certificateExpiryWarning }: FleetSnapshot, add: Add): void {
  const { certificateNotAfter } = gateway;
  const left = certificateNotAfter - now;
  if (left >= certificateExpiryWarning) return;
  const notAfter = new Date(certificateNotAfter).toISOString();
  add({
    condition: 'gateway-certificate-expiring',
    subject: 'gateway',
    pool: undefined,
    detail:
      left > 0
        ? `The certificate expires in ${inDaysOrHours(left)}, at ${notAfter}.`
        : `The certificate expired at ${notAfter}. No agent can connect.`,
  });
}

function inDaysOrHours(milliseconds: number): string {
  return milliseconds >= 2 * DAY_MS
    ? `${Math.floor(milliseconds / DAY_MS)} days`
    : `${Math.max(1, Math.floor(milliseconds / HOUR_MS))} h`;
}
