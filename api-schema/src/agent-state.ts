import type { Advice } from './advice.ts';

/** From the most to the least important. The state of an agent is the first one that any of its conditions implies. */
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

type Condition = Advice & {
  /** The state it implies; more than one if the pinning mode decides. */
  readonly states: readonly AgentState[];
  /** The condition in words, for people. */
  readonly message: string;
};

/** All conditions of agents. In commands, `…` stands for the name of the agent, and CONNECTOR for a connector. Closed: docs/fleet.md has a row for each. */
export const agentConditions = {
  IDENTITY_REVOKED: {
    states: ['revoked'],
    message: 'The identity of this agent has been revoked. It cannot connect again.',
    advice: 'To use the agent again, enroll it with a new token.',
  },
  IDENTITY_EXPIRED: {
    states: ['identity-expired'],
    message: "The agent's certificate has expired, so it cannot connect.",
    advice: "Check the clock of the agent's host, then enroll the agent again with a new token.",
  },
  CLONED_IDENTITY: {
    states: ['quarantined'],
    message: 'Two processes are using the identity of this agent.',
    advice: 'Stop the copy, delete its identity directory, and enroll it under a different name.',
  },
  CONFIG_DRIFT: {
    states: ['quarantined', 'degraded'],
    message: 'The agent does not run the pinned version of its configuration.',
    advice: 'Deploy the pinned version to its host, or pin the version that it runs.',
    command: 'penstock-gateway agent diff …',
  },
  DRAINED_BY_OPERATOR: {
    states: ['draining'],
    message: 'An operator has drained this agent.',
    advice: 'Resume it when it should receive opens again.',
    command: 'penstock-gateway agent resume …',
  },
  AGENT_LEAVING: {
    states: ['draining'],
    message:
      'All sessions of this agent are draining. It accepts no new opens, and established connections can finish.',
    advice:
      'Wait for it to reconnect. If it was not restarted intentionally, find out on its host why it was stopped.',
  },
  HEARTBEAT_MISSING: {
    states: ['stale'],
    message: 'The agent has not sent a heartbeat for longer than health.staleAfter.',
    advice:
      "Run penstock-agent status and penstock-agent doctor on the agent's host. If the agent no longer exists, revoke it.",
  },
  NO_SESSION: {
    states: ['disconnected'],
    message: 'The agent has no session with this gateway.',
    advice:
      'The agent reconnects automatically. If it does not, check its log and run penstock-agent doctor on its host.',
  },
  SESSIONS_MISSING: {
    states: ['degraded'],
    message: 'The agent has fewer sessions than configured.',
    advice:
      "Check session-failed in the agent's log. A proxy or firewall may limit the number of its connections.",
  },
  CONNECTOR_FAILING: {
    states: ['degraded'],
    message: 'The check of at least one connector is failing.',
    advice: 'See at which stage the check stops, and run it again.',
    command: 'penstock-gateway agent check … CONNECTOR',
  },
  CLOCK_SKEW: {
    states: ['degraded'],
    message: "The agent's clock differs from the gateway's by more than health.maxClockSkew.",
    advice:
      'Synchronize the clocks of both hosts with NTP, because certificates and tokens depend on the time.',
  },
  IDENTITY_EXPIRING: {
    states: ['degraded'],
    message: 'The certificate of this agent expires soon and should already have been renewed.',
    advice: "Check identity-renewal-failed in the agent's log.",
  },
  CONNECTED: {
    states: ['connected'],
    message: 'The agent is connected and healthy.',
    advice: 'No action is needed.',
  },
} as const satisfies Record<string, Condition>;

export type ConditionCode = keyof typeof agentConditions;
