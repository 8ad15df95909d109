import type { AlertCondition } from '@penstock/config-schema';
import type { AlertRow } from '@penstock/store';
import type { AgentFacts, AlertFacts, PoolFacts } from '../../src/alerts/facts.ts';
import type { Finding, Findings } from '../../src/alerts/findings.ts';

const DAY = 86_400_000;

/** An agent that is present and well, but for what is said. */
export const agentFacts = (name: string, but: Partial<AgentFacts> = {}): AgentFacts => ({
  name,
  pool: 'dc1',
  present: true,
  stale: undefined,
  skewed: undefined,
  clockKnown: true,
  expiring: undefined,
  drifted: undefined,
  cloned: undefined,
  failing: [],
  unchecked: [],
  softwareVersion: '1.2.0',
  ...but,
});

export const poolFacts = (but: Partial<PoolFacts> = {}): PoolFacts => ({
  name: 'dc1',
  ready: 1,
  minReady: 1,
  waiting: 0,
  queueLimit: 10,
  ...but,
});

/** A gateway that has been up for a while, where all is well but for what is said. */
export const alertFacts = (but: Partial<AlertFacts> = {}): AlertFacts => ({
  agents: [],
  pools: [],
  gateway: { softwareVersion: '1.2.0', certificateNotAfter: 30 * DAY },
  now: 0,
  certificateExpiry: 7 * DAY,
  settled: true,
  ...but,
});

export const finding = (condition: AlertCondition, subject: string): Finding => ({
  condition,
  subject,
  pool: 'dc1',
  detail: `about ${subject}`,
});

export const findings = (holding: readonly Finding[], undecided: readonly string[] = []): Findings => ({
  holding,
  undecided: (key) => undecided.includes(key),
});

export const alertRow = (id: string, but: Partial<AlertRow> = {}): AlertRow => ({
  id,
  condition: 'agent-stale',
  subject: `agent:${id}`,
  pool: 'dc1',
  state: 'firing',
  detail: 'It is silent.',
  since: 1_000,
  firedAt: 2_000,
  resolvedAt: null,
  ...but,
});
