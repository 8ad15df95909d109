/** One package of the tree, and the packages its code may import. */
export type Room = {
  readonly name: string;
  /** What the package contains, as a phrase; docs/architecture.md has the same table. */
  readonly holds: string;
  readonly mayImport: readonly string[];
};

/**
 * The packages ("rooms") of the tree, from the bottom up. docs/architecture.md shows this table, and `npm run check`
 * compares both with the imports of the code: imports that are not listed fail the check, and so do unused entries.
 */
export const rooms: readonly Room[] = [
  {
    name: 'json-schema',
    holds: 'JSON Schemas with their TypeScript types, built without loading a library',
    mayImport: [],
  },
  {
    name: 'runtime',
    holds:
      'general-purpose primitives: clock, timers, rate limits, private files; nothing specific to Penstock',
    mayImport: [],
  },
  {
    name: 'config-schema',
    holds: 'agent.yaml and gateway.yaml: schema, loader, version and digest, diff',
    mayImport: ['json-schema', 'runtime'],
  },
  {
    name: 'wire',
    holds: 'the messages between agent and gateway, and the facts both must agree on; opens no sockets',
    mayImport: ['json-schema'],
  },
  {
    name: 'rollouts',
    holds: 'the steps of a rollout: order, groups, schedule, judgment, and how it goes back; opens nothing',
    mayImport: [],
  },
  {
    name: 'connection-strings',
    holds: 'connection strings: what each driver needs to use each ingress, and what to know about it',
    mayImport: ['config-schema'],
  },
  {
    name: 'api-schema',
    holds: 'resources, requests and problem documents of the API, as schemas with their types',
    mayImport: ['json-schema', 'config-schema', 'wire', 'rollouts'],
  },
  {
    name: 'transport',
    holds: 'carrying bytes: splice, readers, windows, keepalive, TLS',
    mayImport: ['wire', 'runtime'],
  },
  {
    name: 'cluster',
    holds: 'the replicas of one gateway: membership, trust between them, and the sessions that connect them',
    mayImport: ['json-schema', 'wire', 'runtime', 'transport'],
  },
  { name: 'observe', holds: 'logs and metrics of a process', mayImport: [] },
  {
    name: 'terminal',
    holds: 'code shared by the two command lines',
    mayImport: ['config-schema', 'runtime'],
  },
  {
    name: 'services',
    holds: 'services of the host: systemd units, Windows services, readiness and watchdog notifications',
    mayImport: ['config-schema', 'runtime', 'terminal'],
  },
  { name: 'store', holds: 'the tables of the control plane and their repositories', mayImport: ['runtime'] },
  {
    name: 'release',
    holds: 'signed releases and how they are verified; opens no sockets',
    mayImport: ['json-schema'],
  },
  {
    name: 'updater',
    holds: 'switching the version of the agents of a host: stage, switch, probation, back',
    mayImport: ['json-schema', 'wire', 'release', 'runtime', 'services'],
  },
  {
    name: 'sign-in',
    holds: 'signing in to the console: codes, sessions in two halves, and which requests of browsers count',
    mayImport: ['runtime', 'store'],
  },
  {
    name: 'control-plane',
    holds:
      'identities, the fleet, pins, requests to agents, rollouts, approvals, events, alerts, and the API',
    mayImport: [
      'json-schema',
      'config-schema',
      'wire',
      'api-schema',
      'runtime',
      'observe',
      'store',
      'sign-in',
      'rollouts',
      'connection-strings',
    ],
  },
  {
    name: 'operator',
    holds: 'the commands of penstock-gateway that use the API',
    mayImport: ['json-schema', 'config-schema', 'wire', 'api-schema', 'terminal', 'connection-strings'],
  },
  {
    name: 'console',
    holds: 'the web console: its pages, and the files that the gateway serves',
    mayImport: ['runtime'],
  },
  {
    name: 'gateway',
    holds:
      'penstock-gateway: the data plane (ingress, access, routing, tunnel), and its composition with the control plane',
    mayImport: [
      'json-schema',
      'config-schema',
      'wire',
      'runtime',
      'transport',
      'cluster',
      'observe',
      'terminal',
      'services',
      'store',
      'release',
      'control-plane',
      'operator',
      'console',
    ],
  },
  {
    name: 'agent',
    holds: 'penstock-agent',
    mayImport: [
      'config-schema',
      'wire',
      'release',
      'runtime',
      'transport',
      'observe',
      'terminal',
      'services',
      'updater',
    ],
  },
];

export const roomNames: readonly string[] = rooms.map(({ name }) => name);
