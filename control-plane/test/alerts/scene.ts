import type { AlertCondition } from '@penstock/config-schema';
import type { AlertRow } from '@penstock/store';
import type { ActiveCondition } from '../../src/alerts/active-condition.ts';
import { alertKey, type Evaluation } from '../../src/alerts/evaluate-conditions.ts';
import type {
  AgentSnapshot,
  ConnectionSnapshot,
  FleetSnapshot,
  PoolSnapshot,
} from '../../src/alerts/fleet-snapshot.ts';

const DAY_MS = 86_400_000;

/** A connected, healthy agent, with the given changes. */
export const agentSnapshot = (name: string, changes: Partial<AgentSnapshot> = {}): AgentSnapshot => ({
  name,
  pool: 'dc1',
  isConnected: true,
  stale: undefined,
  skewed: undefined,
  isClockKnown: true,
  expiring: undefined,
  drifted: undefined,
  cloned: undefined,
  failing: [],
  unchecked: [],
  softwareVersion: '1.2.0',
  ...changes,
});

export const poolSnapshot = (changes: Partial<PoolSnapshot> = {}): PoolSnapshot => ({
  name: 'dc1',
  ready: 1,
  minReady: 1,
  waiting: 0,
  queueLimit: 10,
  ...changes,
});

/** A connection whose opens succeed, with the given changes. */
export const connectionSnapshot = (changes: Partial<ConnectionSnapshot> = {}): ConnectionSnapshot => ({
  connection: 'orders',
  opened: 10,
  failed: 0,
  codes: [],
  sinceOpened: 1_000,
  sinceFailed: undefined,
  idle: 1_000,
  ...changes,
});

/** The fleet of a gateway that has settled, without agents and pools, with the given changes. */
export const fleetSnapshot = (changes: Partial<FleetSnapshot> = {}): FleetSnapshot => ({
  agents: [],
  pools: [],
  connections: [],
  failingOpens: { percent: 50, minimum: 3, windowMs: 300_000 },
  gateway: { softwareVersion: '1.2.0', certificateNotAfter: 30 * DAY_MS },
  now: 0,
  certificateExpiryWarning: 7 * DAY_MS,
  reported: [],
  isSettled: true,
  ...changes,
});

export const activeCondition = (condition: AlertCondition, subject: string): ActiveCondition => ({
  condition,
  subject,
  pool: 'dc1',
  detail: `about ${subject}`,
});

export const evaluation = (
  active: readonly ActiveCondition[],
  undecided: readonly string[] = [],
): Evaluation => ({
  active: new Map(active.map((each) => [alertKey(each), each])),
  isUndecided: (key) => undecided.includes(key),
});

export const alertRow = (id: string, changes: Partial<AlertRow> = {}): AlertRow => ({
  id,
  condition: 'agent-stale',
  subject: `agent:${id}`,
  pool: 'dc1',
  state: 'firing',
  detail: 'The agent is silent.',
  since: 1_000,
  firedAt: 2_000,
  resolvedAt: null,
  ...changes,
});
