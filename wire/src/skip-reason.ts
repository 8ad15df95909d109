/** Why routing does not select an agent. Closed: docs/api.md has a row for each. */
export const skipReasons = {
  'no-agent': 'No agent of the pool has a session.',
  'no-session': 'The agent has no session.',
  stale: 'The agent has no session and has sent no heartbeat for longer than health.staleAfter.',
  'no-connector': "The agent's configuration has no such connector.",
  'no-address': "The agent's configuration does not list the address that the client requested.",
  draining: 'The agent or this gateway is draining.',
  quarantined: 'The agent is quarantined.',
  drained: 'An operator has drained the agent.',
  suspended: 'An operator drained the agent, or the agent is quarantined.',
  'identity-expired': "The agent's certificate has expired.",
  full: 'The agent is at its stream limit.',
  'replica-away': 'The agent is connected to another replica, which cannot be reached.',
  'other-agent': 'The client must stay with the agent of an earlier connection.',
  tried: 'An open through this agent has already failed for this client.',
  'session-lost': 'A session of this agent was lost during this dial, so other agents come first.',
  ejected: 'Opens through this agent keep failing, so other agents come first for a while.',
  'check-failing': "The agent's own check of the connector fails, so other agents come first.",
  'later-pool': 'A more preferred pool has an available agent.',
  busier: 'Another agent of the pool has fewer streams.',
} as const;
export type SkipReason = keyof typeof skipReasons;
