/** Why an agent was not asked, or would not be. Closed: docs/api.md has a row for each. */
export const passedOverReasons = {
  'no-agent': 'No agent of the pool has a session.',
  'no-connector': 'Its file has no such connector.',
  'no-address': 'Its file does not list the address that the client asked for.',
  draining: 'It takes no new opens: it leaves, or this gateway does.',
  held: 'It was drained by an operator, or is quarantined.',
  'identity-expired': 'Its certificate has ended.',
  full: 'It carries as many streams as it can.',
  'other-agent': 'The client has to go on with the agent of an earlier connection.',
  tried: 'An open through it has failed for this client already.',
  'session-lost': 'A session of it was lost during this dial: others go first.',
  ejected: 'Opens through it keep failing: others go first for a while.',
  'check-failing': 'Its own check of the connector fails: others go first.',
  'later-pool': 'A pool that is preferred has an agent.',
  busier: 'Another agent of its pool has fewer streams.',
} as const;
export type PassedOverReason = keyof typeof passedOverReasons;
