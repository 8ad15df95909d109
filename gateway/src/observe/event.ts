import type { EventLog } from '@penstock/observe';

/** The events that the data plane logs. docs/events.md has a row for each. */
export const dataPlaneEvents = {
  'ingress-listening': ['info', 'An ingress accepts clients.'],
  'ingress-closed': ['info', 'An ingress accepts no new clients; connected clients stay connected.'],
  'ingress-failed': [
    'error',
    'An ingress could not be opened; the ingress that its connection had before stays open.',
  ],
  'accept-failed': ['error', 'A connection could not be accepted; the listener stays open.'],
  'descriptors-exhausted': [
    'error',
    'No file descriptor is free: new clients and agents are disconnected, established connections continue.',
  ],
  'descriptors-recovered': ['info', 'File descriptors are free again: new clients and agents are accepted.'],
  'agent-refused': ['warn', 'A request on the tunnel port was refused.'],
  'session-opened': ['info', 'An agent has opened a session.'],
  'session-draining': ['info', 'A session accepts no new opens.'],
  'session-closed': ['info', 'A session was closed as one end had announced.'],
  'session-lost': ['warn', 'A session to an agent was lost.'],
  'session-refused': ['warn', 'A session was refused.'],
  'peer-misbehaved': ['warn', 'A peer on the tunnel port violated the protocol and was disconnected.'],
  'agent-ejected': ['warn', 'Opens through an agent failed repeatedly: it is ejected for a while.'],
  'connection-opened': ['debug', 'A client is connected to its target.'],
  'connection-closed': ['info', 'A client connection has been closed.'],
  'connection-adrift': [
    'warn',
    'A client connection has lost its session and waits for another one; the client is unaffected.',
  ],
  'connection-resumed': ['info', 'A client connection continues over another session of its agent.'],
  'connection-failed': ['warn', 'A client could not be connected to its target.'],
  'client-left': [
    'debug',
    'A client left at once and without a byte, as a check of the port does; nothing has failed.',
  ],
  'connection-retried': [
    'info',
    'An open failed and is retried through another session; the client is unaffected.',
  ],
  'client-denied': ['warn', 'A client was denied.'],
  'bbr-restarted': [
    'debug',
    'BBR took what a session had sent last for all that its path carries: BBR was restarted.',
  ],
  'host-slept': ['warn', 'This host was asleep: every session is checked immediately.'],
} as const;

/** Logs one event of the data plane. */
export type DataPlaneLog = EventLog<typeof dataPlaneEvents>;
