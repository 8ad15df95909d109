import type { EventLog } from '@penstock/observe';

/** The events that the control plane logs. docs/events.md has a row for each. */
export const controlPlaneEvents = {
  'agent-enrolled': ['info', 'An agent has enrolled.'],
  'agent-forgotten': ['info', 'An agent was removed, because it has been gone for longer than forgetAfter.'],
  'agent-renewed': ['info', 'An agent has renewed its identity.'],
  'agent-state-changed': ['info', 'The state of an agent, or the reason for it, has changed.'],
  'agent-restart-failed': [
    'warn',
    'An agent that a restart policy was to restart refused it, or did not answer.',
  ],
  'agent-restarted': ['warn', 'An agent was restarted by the restart policy of its pool.'],
  'alert-fired': [
    'warn',
    'An alert condition of gateway.yaml has been true for its minimum time: its receivers are notified.',
  ],
  'alert-resolved': ['info', 'The condition of a firing alert is no longer true.'],
  'connection-log-failed': [
    'warn',
    'The connection log cannot be written; entries are kept in memory, connections are not affected.',
  ],
  'connection-log-overflowed': [
    'warn',
    'The store does not keep up with the connection log: entries were dropped, connections are not affected.',
  ],
  'connection-log-recovered': ['info', 'The connection log is written again.'],
  'connection-log-replaced': [
    'warn',
    'The file of the connection log was damaged: it was renamed, and a new log was started.',
  ],
  'notification-failed': ['warn', 'A notification about alerts was not delivered; it is retried.'],
  'notification-abandoned': ['error', 'A notification about alerts was not delivered and is not retried.'],
  'pinning-changed': [
    'warn',
    'A reload changed the pinning mode of a pool, and with it which of its agents are quarantined.',
  ],
  'channel-failed': ['warn', 'The newest release could not be rolled out in a pool that follows a channel.'],
  'request-failed': ['error', 'The gateway could not complete a request to its API.'],
  'rollout-agent-failed': ['warn', 'An agent has failed in a rollout.'],
  'rollout-changed': ['info', 'A rollout has entered another stage.'],
  'rollout-halted': ['warn', 'A rollout was halted because too many of its agents have failed.'],
  'store-failed': ['error', 'The store does not respond; the data path continues without it.'],
  'store-recovered': ['info', 'The store responds again.'],
} as const;

/** Logs one event of the control plane. */
export type ControlPlaneLog = EventLog<typeof controlPlaneEvents>;
