/** One package of the tree, and the packages its code may import. */
export type Room = {
  readonly name: string;
  /** What it is for, in one sentence; docs/architecture.md has the same table. */
  readonly holds: string;
  readonly mayImport: readonly string[];
};

/**
 * The rooms of the house, from the ground up. docs/architecture.md shows this table, and `npm run check` compares both
 * with the imports of the code: an arrow that is not here fails, and so does one that nobody uses.
 */
export const rooms: readonly Room[] = [
  {
    name: 'config-schema',
    holds: 'agent.yaml and gateway.yaml: schema, loader, version and digest, diff',
    mayImport: [],
  },
  {
    name: 'wire',
    holds: 'what agent and gateway say to each other, and the facts both must agree on; opens no socket',
    mayImport: [],
  },
  {
    name: 'api-schema',
    holds: 'resources, requests and problem documents of the API, as schemas with their types',
    mayImport: ['config-schema', 'wire'],
  },
  {
    name: 'runtime',
    holds: 'what a process needs of its runtime: clock, timers, rate limits; knows nothing of Penstock',
    mayImport: [],
  },
  {
    name: 'transport',
    holds: 'carrying bytes: splice, readers, windows, keepalive, TLS',
    mayImport: ['wire', 'runtime'],
  },
  { name: 'observe', holds: 'logs and measurements of a process', mayImport: [] },
  {
    name: 'terminal',
    holds: 'what the two command lines share',
    mayImport: ['config-schema'],
  },
  { name: 'store', holds: 'the tables of the control plane and their repositories', mayImport: [] },
  {
    name: 'control-plane',
    holds: 'identities, the fleet, pins, requests to agents, approvals, events, alerts, and the API',
    mayImport: ['config-schema', 'wire', 'api-schema', 'runtime', 'observe', 'store'],
  },
  {
    name: 'operator',
    holds: 'the commands of penstock-gateway that speak to the API, and connection strings',
    mayImport: ['config-schema', 'wire', 'api-schema', 'terminal'],
  },
  {
    name: 'gateway',
    holds:
      'penstock-gateway: the data plane (ingress, access, routing, tunnel), and its composition with the control plane',
    mayImport: [
      'config-schema',
      'wire',
      'runtime',
      'transport',
      'observe',
      'terminal',
      'store',
      'control-plane',
      'operator',
    ],
  },
  {
    name: 'agent',
    holds: 'penstock-agent',
    mayImport: ['config-schema', 'wire', 'runtime', 'transport', 'observe', 'terminal'],
  },
];

export const roomNames: readonly string[] = rooms.map(({ name }) => name);
