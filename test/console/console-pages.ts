/** Every page of the console with something to see, and a text that is there when it has been loaded. */
export const consolePages: readonly {
  readonly name: string;
  readonly path: string;
  readonly ready: string | RegExp;
}[] = [
  { name: 'fleet', path: '/fleet', ready: /of it|last heard|Last heard/ },
  { name: 'agent', path: '/agents/a1', ready: 'Identity valid until' },
  { name: 'agent-configuration', path: '/agents/a1?tab=configuration', ready: 'Running and pinned' },
  { name: 'agent-logs', path: '/agents/a1?tab=logs', ready: 'Ask the agent' },
  { name: 'agent-sessions', path: '/agents/a1?tab=sessions', ready: 'Open since' },
  { name: 'pool', path: '/pools/dc1', ready: 'Ready agents' },
  { name: 'connections', path: '/connections', ready: 'Pools, in order' },
  { name: 'connection', path: '/connections/billing', ready: 'For a new client' },
  { name: 'connection-clients', path: '/connections/orders?tab=clients', ready: 'No client is connected.' },
  { name: 'connection-log', path: '/connections/orders?tab=log', ready: 'No client has connected yet.' },
  { name: 'configuration', path: '/config', ready: 'Pinning' },
  { name: 'versions', path: '/config/dc1', ready: 'What version 2 changes' },
  { name: 'rollouts', path: '/rollouts', ready: 'Nothing has been rolled out yet.' },
  { name: 'add-agent', path: '/add-agent', ready: 'Valid for' },
  { name: 'enrollment-tokens', path: '/access', ready: 'Uses left' },
  { name: 'grants', path: '/access/grants', ready: 'In use' },
  { name: 'admin-tokens', path: '/access/admin-tokens', ready: 'Created' },
  { name: 'console-sessions', path: '/access/sessions', ready: 'This one' },
  { name: 'alerts', path: '/alerts', ready: 'Nobody is notified.' },
  { name: 'approvals', path: '/approvals', ready: 'Nothing waits for a decision.' },
  { name: 'audit', path: '/audit', ready: 'pin.set' },
  { name: 'not-found', path: '/nowhere', ready: 'There is no such page.' },
];
