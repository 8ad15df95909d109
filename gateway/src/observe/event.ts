import type { EventLog } from '@penstock/observe';

/** Everything the gateway logs. docs/events.md has a row for each. */
export const events = {
  'gateway-started': ['info', 'The gateway has started.'],
  'gateway-draining': ['info', 'The gateway drains: no new clients, agents are asked to connect elsewhere.'],
  'gateway-stopped': ['info', 'The gateway has stopped.'],
  'tunnel-listening': ['info', 'The tunnel port is open for agents.'],
  'admin-listening': ['info', 'The admin address is open.'],
  'ingress-listening': ['info', 'An ingress is open for clients.'],
  'ingress-closed': ['info', 'An ingress takes no new clients any more; those that came through it go on.'],
  'ingress-failed': ['error', 'An ingress could not be opened; what its connection had before stays open.'],
  'accept-failed': ['error', 'A connection could not be accepted; the listener goes on.'],
  'agent-enrolled': ['info', 'An agent has enrolled.'],
  'agent-renewed': ['info', 'An agent has renewed its identity.'],
  'agent-refused': ['warn', 'A request on the tunnel port was refused.'],
  'agent-state-changed': ['info', 'An agent has another state, or another reason for it.'],
  'session-opened': ['info', 'An agent has opened a session.'],
  'session-draining': ['info', 'A session takes no new opens.'],
  'session-closed': ['info', 'A session has ended as one end had announced.'],
  'session-lost': ['warn', 'A session to an agent was lost.'],
  'session-refused': ['warn', 'A session was refused.'],
  'peer-misbehaved': ['warn', 'A peer on the tunnel port broke the protocol and was cut off.'],
  'agent-ejected': ['warn', 'Opens through an agent keep failing: it is passed over for a while.'],
  'connection-opened': ['debug', 'A client is connected to its target.'],
  'connection-closed': ['debug', 'A client connection has ended.'],
  'connection-failed': ['warn', 'A client could not be connected to its target.'],
  'connection-retried': [
    'info',
    'An open failed and is tried again elsewhere; the client has noticed nothing.',
  ],
  'client-denied': ['warn', 'A client was turned away.'],
  'host-slept': ['warn', 'This host slept: every session is suspect and is checked at once.'],
  'config-loaded': ['info', 'The configuration was reloaded and is in force.'],
  'config-refused': ['error', 'The new configuration is not valid; the last good one stays in force.'],
  'config-without-effect': ['warn', 'The file sets fields that this release does not act upon.'],
  'config-needs-restart': ['warn', 'Some changed fields take effect at the next start only.'],
  'request-failed': ['error', 'A request to the API failed on our side.'],
  'store-failed': ['error', 'The store does not answer; the data path goes on without it.'],
} as const;

export type GatewayLog = EventLog<typeof events>;
