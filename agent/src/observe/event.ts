import type { EventLog } from '@penstock/observe';

/** The events that the agent logs. docs/events.md has a row for each. */
export const agentEvents = {
  'agent-started': ['info', 'The agent has started.'],
  'agent-draining': [
    'info',
    'The agent is draining: it accepts no new opens, and open connections can finish.',
  ],
  'agent-stopped': ['info', 'The agent has stopped.'],
  'identity-not-locked': [
    'warn',
    'The identity directory cannot be locked: nothing prevents a second agent from using it.',
  ],
  'identity-enrolled': ['info', 'The agent has enrolled and has an identity.'],
  'identity-renewed': ['info', 'A renewed identity has been accepted for a session and is now in force.'],
  'identity-renewal-failed': ['warn', 'The identity could not be renewed; the current one stays in force.'],
  'enrollment-failed': ['error', 'The agent could not enroll.'],
  'session-connecting': ['debug', 'The agent is connecting a session to the gateway.'],
  'session-ready': ['info', 'A session to the gateway is ready.'],
  'replicas-shared': [
    'info',
    'Sessions lead to the same replica of the gateway after several attempts to reach another one.',
  ],
  'session-kept': [
    'info',
    'The gateway has asked a session to go to another replica, and no attempt reached one: the session stays.',
  ],
  'session-ended': ['warn', 'A session to the gateway has ended.'],
  'session-retired': ['info', 'A session accepts no new opens and closes with its last stream.'],
  'session-failed': ['warn', 'A session to the gateway could not be established.'],
  'sessions-added': [
    'info',
    'Clients wait for each other on a long link to the gateway: the agent connects further sessions.',
  ],
  'sessions-removed': [
    'info',
    'Additional sessions are not needed, are of no use, or cannot be connected: the last ones retire.',
  ],
  'sessions-limited': [
    'warn',
    'The gateway allows this agent fewer sessions than gateway.sessions asks for: the agent uses those it gets.',
  ],
  'bbr-restarted': [
    'debug',
    'BBR took what a session had sent last for all that its path carries: BBR was restarted.',
  ],
  'gateway-untrusted': ['error', 'The server at the gateway address is not trusted.'],
  'open-succeeded': [
    'debug',
    'An open succeeded: the target responded, and the data stream is being opened.',
  ],
  'open-failed': ['warn', 'An open failed.'],
  'stream-resumed': ['info', 'A connection to a target continues over another session.'],
  'stream-ended': ['debug', 'A data stream has ended.'],
  'host-slept': ['warn', 'This host was asleep: every session is checked immediately.'],
  'starter-gone': [
    'warn',
    'The process that started this program has ended without ending it: the program drains and exits.',
  ],
  'config-loaded': ['info', 'The configuration was reloaded and is in force.'],
  'config-refused': ['error', 'The new configuration is not valid; the previous one stays in force.'],
  'config-fields-ignored': ['warn', 'The file sets fields that this release ignores.'],
  'config-drift': ['warn', 'The file in force differs from the one that the gateway pins.'],
  'config-in-sync': ['info', 'The file in force matches the pin again, or nothing is pinned any longer.'],
  'config-needs-restart': ['warn', 'Some of the changed fields take effect only after a restart.'],
  'file-exposed': ['warn', 'Other users of this host have access to a file that must be private.'],
  'sample-failed': ['warn', 'The health of this host could not be sampled.'],
  'request-answered': ['info', 'A request of the control plane was answered.'],
  'request-refused': ['warn', 'A request of the control plane was refused or failed.'],
  'connector-failing': ['warn', 'The check of a connector fails.'],
  'connector-recovered': ['info', 'The check of a connector passes again.'],
  'upgrade-offered': ['info', 'The control plane offers another version: it is fetched and verified.'],
  'upgrade-refused': ['warn', 'A version that was offered is not installed.'],
  'restart-requested': ['warn', 'The control plane requested a restart: the agent drains and exits.'],
  'local-listening': ['info', 'The local status server is listening.'],
} as const;

/** Logs one event of the agent. */
export type AgentLog = EventLog<typeof agentEvents>;
