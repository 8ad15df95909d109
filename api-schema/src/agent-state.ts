/** In the order of what matters most: an agent has the first of these that any of its conditions asks for. */
export const agentStates = [
  'revoked',
  'identity-expired',
  'quarantined',
  'draining',
  'stale',
  'disconnected',
  'degraded',
  'connected',
] as const;
export type AgentState = (typeof agentStates)[number];

type Condition = {
  /** What it makes of the agent; more than one where the mode of the pin decides. */
  readonly states: readonly AgentState[];
  /** What is the case, for people. */
  readonly sentence: string;
  /** What to do about it. */
  readonly advice: string;
};

/** Everything that can be said of an agent's state. Closed: docs/fleet.md has a row for each. */
export const agentConditions = {
  IDENTITY_REVOKED: {
    states: ['revoked'],
    sentence: 'The identity of this agent was revoked: it never connects again.',
    advice: 'If the agent should come back, enroll it again with a new token.',
  },
  IDENTITY_EXPIRED: {
    states: ['identity-expired'],
    sentence: "The agent's certificate has expired, so it cannot connect.",
    advice: "Check the clock of the agent's host, then enroll it again with a new token.",
  },
  CLONED_IDENTITY: {
    states: ['quarantined'],
    sentence: 'Two processes use the identity of this agent at the same time.',
    advice:
      'Stop the one that should not be, delete its identity directory, and enroll it under a name of its own.',
  },
  CONFIG_DRIFT: {
    states: ['quarantined', 'degraded'],
    sentence: "The agent's file is not the pinned one.",
    advice: 'Roll the pinned version out to its host, or pin what it runs: penstock-gateway config pin.',
  },
  DRAINED_BY_OPERATOR: {
    states: ['draining'],
    sentence: 'An operator keeps new opens away from this agent.',
    advice: 'When the work on it is done: penstock-gateway agent resume.',
  },
  AGENT_LEAVING: {
    states: ['draining'],
    sentence: 'All sessions of this agent drain: it takes no new opens and lets live connections finish.',
    advice: 'Wait for it to come back; if nobody restarted it, look for who stopped it on its host.',
  },
  HEARTBEAT_MISSING: {
    states: ['stale'],
    sentence: 'The agent has sent no heartbeat for longer than health.staleAfter.',
    advice:
      "Look at the agent's host: penstock-agent status and doctor. If the agent is gone for good, revoke it.",
  },
  NO_SESSION: {
    states: ['disconnected'],
    sentence: 'The agent has no session to this gateway.',
    advice:
      'It connects again by itself; if it does not, look at its log and run penstock-agent doctor there.',
  },
  SESSIONS_MISSING: {
    states: ['degraded'],
    sentence: 'The agent has fewer sessions than its file asks for.',
    advice: "Look at session-failed in the agent's log: a proxy or firewall may bound its connections.",
  },
  CONNECTOR_FAILING: {
    states: ['degraded'],
    sentence: 'The check of at least one connector fails.',
    advice: 'Look at how far the check comes, and ask again with penstock-gateway agent check.',
  },
  CLOCK_SKEW: {
    states: ['degraded'],
    sentence: "The agent's clock differs from the gateway's by more than health.maxClockSkew.",
    advice: 'Set the clocks by NTP on both hosts: certificates and tokens depend on the time.',
  },
  IDENTITY_EXPIRING: {
    states: ['degraded'],
    sentence: 'The certificate of this agent ends soon and should have been renewed.',
    advice: "Look for identity-renewal-failed in the agent's log.",
  },
  CONNECTED: {
    states: ['connected'],
    sentence: 'The agent is connected and well.',
    advice: 'There is nothing to do.',
  },
} as const satisfies Record<string, Condition>;

export type ConditionCode = keyof typeof agentConditions;
