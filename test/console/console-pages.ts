/** Every page of the console with what the showcase has on it, and a text that is there when it has been loaded. */
export const consolePages: readonly {
  readonly name: string;
  readonly path: string;
  readonly ready: string | RegExp;
}[] = [
  { name: 'fleet', path: '/fleet', ready: 'Last heard' },
  { name: 'fleet-filtered', path: '/fleet?state=revoked&pool=dc1', ready: 'Clear filters' },
  { name: 'fleet-columns', path: '/fleet?columns=skew,rtt,cpu,memory,sessions', ready: 'Clock skew' },
  { name: 'fleet-no-match', path: '/fleet?q=nothing', ready: /0 of \d+ agents match/ },
  { name: 'agent', path: '/agents/dc1-h1', ready: 'Identity valid until' },
  { name: 'agent-revoked', path: '/agents/dc1-h3', ready: 'Enroll it again with a new token' },
  { name: 'agent-configuration', path: '/agents/dc1-h1?tab=configuration', ready: 'Running and pinned' },
  { name: 'agent-logs', path: '/agents/dc1-h1?tab=logs', ready: 'Ask the agent' },
  { name: 'agent-sessions', path: '/agents/dc1-h1?tab=sessions', ready: 'Open since' },
  { name: 'agent-history', path: '/agents/dc1-h3?tab=history', ready: 'agent.revoke' },
  { name: 'pool', path: '/pools/dc1', ready: 'Ready agents' },
  { name: 'connections', path: '/connections', ready: 'Pools, in order' },
  { name: 'connection', path: '/connections/billing', ready: 'For a new client' },
  { name: 'connection-clients', path: '/connections/orders?tab=clients', ready: 'From client' },
  { name: 'connection-log', path: '/connections/billing?tab=log', ready: 'From client' },
  { name: 'connection-strings', path: '/connections/orders?tab=strings', ready: 'Port of its own' },
  { name: 'configuration', path: '/config', ready: 'Pinning' },
  { name: 'versions', path: '/config/dc1', ready: 'What version 14 changes' },
  { name: 'rollouts', path: '/rollouts', ready: 'Nothing has been rolled out yet.' },
  { name: 'add-agent', path: '/add-agent', ready: 'Valid for' },
  { name: 'enrollment-tokens', path: '/access', ready: 'Uses left' },
  { name: 'grants', path: '/access/grants', ready: 'In use' },
  { name: 'admin-tokens', path: '/access/admin-tokens', ready: 'Created' },
  { name: 'console-sessions', path: '/access/sessions', ready: 'This one' },
  { name: 'alerts', path: '/alerts', ready: 'Send a test' },
  { name: 'approvals', path: '/approvals', ready: 'Approve' },
  { name: 'audit', path: '/audit', ready: 'pin.set' },
  { name: 'not-found', path: '/nowhere', ready: 'There is no such page.' },
];
