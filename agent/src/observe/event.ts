import type { EventLog } from '@penstock/observe';

/** Everything the agent logs. docs/events.md has a row for each. */
export const events = {
  'agent-started': ['info', 'The agent has started.'],
  'agent-draining': ['info', 'The agent drains: no new opens, live connections may finish.'],
  'agent-stopped': ['info', 'The agent has stopped.'],
  'identity-enrolled': ['info', 'The agent has enrolled and holds an identity.'],
  'identity-renewed': ['info', 'A renewed identity has carried its first session and is now in force.'],
  'identity-renewal-failed': [
    'warn',
    'The identity could not be renewed yet; the current one stays in force.',
  ],
  'enrollment-failed': ['error', 'The agent could not enroll.'],
  'session-connecting': ['debug', 'A session to the gateway is being made.'],
  'session-ready': ['info', 'A session to the gateway is ready.'],
  'session-ended': ['warn', 'A session to the gateway has ended.'],
  'session-retired': ['info', 'A session takes no new opens and ends with its last stream.'],
  'session-failed': ['warn', 'A session to the gateway could not be made.'],
  'gateway-untrusted': ['error', 'What answers at the gateway address is not trusted.'],
  'open-succeeded': ['debug', 'An open succeeded: the target answered and its data stream is on the way.'],
  'open-failed': ['warn', 'An open failed.'],
  'stream-ended': ['debug', 'A data stream has ended.'],
  'host-slept': ['warn', 'This host slept: every session is suspect and is checked at once.'],
  'config-loaded': ['info', 'The configuration was reloaded and is in force.'],
  'config-refused': ['error', 'The new configuration is not valid; the last good one stays in force.'],
  'config-fields-ignored': ['warn', 'The file sets fields that this release does not act upon.'],
  'config-drift': ['warn', 'The file in force is not the one that the gateway pins.'],
  'config-in-sync': ['info', 'The file in force is the pinned one again, or nothing is pinned any more.'],
  'config-needs-restart': ['warn', 'Some changed fields take effect at the next start only.'],
  'sample-failed': ['warn', 'The health of this host could not be sampled.'],
  'request-answered': ['info', 'A request of the control plane was answered.'],
  'request-refused': ['warn', 'A request of the control plane was refused, or failed.'],
  'connector-failing': ['warn', 'The check of a connector does not pass any more.'],
  'connector-recovered': ['info', 'The check of a connector passes.'],
  'restart-requested': ['warn', 'The control plane asks for a restart: the agent drains and ends.'],
  'local-listening': ['info', 'The local status server is listening.'],
} as const;

export type AgentLog = EventLog<typeof events>;
