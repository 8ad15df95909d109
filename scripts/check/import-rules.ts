/** Who may import whom. docs/decisions and CONTRIBUTING.md tell the story; this is the table that is enforced. */
export type ImportRule = {
  /** A folder or a file, from the root; the longest that matches a file decides. */
  readonly from: string;
  /** Folders and files it may import besides itself; packages by their folder. */
  readonly mayImport: readonly string[];
  readonly because: string;
};

/** The packages that both programs stand on. */
const SHARED = ['config-schema', 'wire', 'observe', 'terminal'];
const gateway = (...parts: readonly string[]) => parts.map((part) => `gateway/src/${part}`);
const agent = (...parts: readonly string[]) => parts.map((part) => `agent/src/${part}`);

export const importRules: readonly ImportRule[] = [
  {
    from: 'config-schema',
    mayImport: [],
    because: 'the files of configuration must be readable by any tool, without the programs that run on them',
  },
  { from: 'wire', mayImport: [], because: 'the protocol is one folder that stands alone' },
  { from: 'observe', mayImport: ['config-schema'], because: 'a log knows nothing of what is logged' },
  { from: 'terminal', mayImport: ['config-schema'], because: 'what both command lines share knows neither' },

  {
    from: 'agent/src',
    mayImport: [...SHARED, 'agent/src'],
    because: 'agent and gateway meet on the wire alone; the files at the top put the parts together',
  },
  {
    from: 'agent/src/policy',
    mayImport: ['config-schema', 'wire'],
    because: 'what may be reached is decided by the file of the owners and by nothing else',
  },
  {
    from: 'agent/src/target',
    mayImport: [...SHARED, ...agent('policy', 'observe')],
    because: 'dialing a target asks the policy, and knows nothing of tunnels',
  },
  {
    from: 'agent/src/tunnel',
    mayImport: [...SHARED, ...agent('policy', 'target', 'identity', 'health', 'observe')],
    because: 'the tunnel carries opens and heartbeats; whatever else it carries comes through a port',
  },
  {
    from: 'agent/src/identity',
    mayImport: [...SHARED, ...agent('observe')],
    because: 'enrollment and renewal are given their transport, so that all three use the same',
  },
  {
    from: 'agent/src/health',
    mayImport: [...SHARED, ...agent('observe')],
    because: 'samples are off the data path',
  },
  { from: 'agent/src/observe', mayImport: SHARED, because: 'measuring depends on nothing that is measured' },
  {
    from: 'agent/src/diagnostics',
    mayImport: [...SHARED, ...agent('policy', 'target', 'identity', 'tunnel', 'health', 'observe', 'local')],
    because: 'the doctor walks the same way as the daemon, and nobody depends on the doctor',
  },
  {
    from: 'agent/src/local',
    mayImport: [...SHARED, ...agent('health', 'observe')],
    because: 'the local server shows what it is given',
  },
  {
    from: 'agent/src/cli',
    mayImport: [...SHARED, ...agent('local', 'diagnostics', 'identity')],
    because: 'a command talks to the running daemon through its local server; only run starts one',
  },
  {
    from: 'agent/src/cli/enroll-command.ts',
    mayImport: [...SHARED, ...agent('cli', 'identity', 'tunnel')],
    because: 'to enroll is to ask the gateway, over the same transport as the daemon does',
  },
  {
    from: 'agent/src/cli/run-command.ts',
    mayImport: [...SHARED, ...agent('cli', 'local', 'diagnostics', 'identity', 'observe', 'daemon.ts')],
    because: 'this command is the daemon',
  },
  {
    from: 'agent/src/cli/enroll-command.ts',
    mayImport: [...SHARED, ...agent('cli', 'identity', 'tunnel')],
    because: 'enrolling goes the same way through proxy, TLS and certificate pin as a session',
  },

  {
    from: 'gateway/src',
    mayImport: [...SHARED, 'gateway/src'],
    because: 'agent and gateway meet on the wire alone; the files at the top put the parts together',
  },
  {
    from: 'gateway/src/ingress',
    mayImport: [...SHARED, ...gateway('access', 'routing', 'observe')],
    because: 'a way in asks for access and a route, and never sees a tunnel',
  },
  {
    from: 'gateway/src/access',
    mayImport: [...SHARED, ...gateway('identity', 'store', 'observe')],
    because: 'yes or no depends on the client, the configuration and the grants on record, which are tokens',
  },
  {
    from: 'gateway/src/routing',
    mayImport: [...SHARED, ...gateway('tunnel', 'cluster', 'observe')],
    because: 'routing picks among sessions and never waits for the store',
  },
  {
    from: 'gateway/src/tunnel',
    mayImport: [...SHARED, ...gateway('identity', 'observe')],
    because: 'a session knows who the agent is, and not who wants it',
  },
  {
    from: 'gateway/src/identity',
    mayImport: [...SHARED, ...gateway('store', 'observe')],
    because: 'identities are kept in the store',
  },
  {
    from: 'gateway/src/fleet',
    mayImport: [...SHARED, ...gateway('tunnel', 'store', 'observe')],
    because: 'the fleet is what the registry and the store say of it',
  },
  { from: 'gateway/src/store', mayImport: [...SHARED, ...gateway('observe')], because: 'rows know no rules' },
  {
    from: 'gateway/src/cluster',
    mayImport: [...SHARED, ...gateway('store', 'tunnel', 'observe')],
    because: 'replicas find each other through the store',
  },
  {
    from: 'gateway/src/observe',
    mayImport: SHARED,
    because: 'measuring depends on nothing that is measured',
  },
  {
    from: 'gateway/src/api',
    mayImport: [...SHARED, ...gateway('access', 'fleet', 'identity', 'routing', 'store', 'observe')],
    because: 'the control plane reads and steers; the data path does not know it',
  },
  {
    from: 'gateway/src/cli',
    mayImport: [...SHARED, ...gateway('identity', 'store')],
    because:
      'commands talk to the API; the few that work on the data directory need its store and identities',
  },
  {
    from: 'gateway/src/cli/run-command.ts',
    mayImport: [...SHARED, ...gateway('cli', 'identity', 'store', 'observe', 'gateway.ts')],
    because: 'this command is the gateway',
  },

  ...['agent', 'gateway'].map((name) => ({
    from: `${name}/bin`,
    mayImport: ['wire', `${name}/src/main.ts`],
    because:
      'it asks for the version of Node, in words that every version understands, and then starts the program',
  })),
  ...['config-schema', 'wire', 'observe', 'terminal', 'agent', 'gateway'].map((name) => ({
    from: `${name}/test`,
    mayImport: [...SHARED, name, 'test/rig'],
    because: 'tests beside the code see their own package whole, and the others through their doors',
  })),
  ...['test', 'bench', 'examples', 'scripts'].map((from) => ({
    from,
    mayImport: [...SHARED, 'agent', 'gateway', 'test', 'bench', 'examples', 'scripts'],
    because: 'what needs both ends goes through the doors of the packages and real processes',
  })),
];

/** Modules with which a socket can be opened; these folders may take their types only. */
export const socketModules: ReadonlySet<string> = new Set(
  ['net', 'tls', 'http', 'https', 'http2', 'dgram', 'undici'].flatMap((name) => [name, `node:${name}`]),
);
export const socketFree: readonly string[] = ['config-schema/src', 'wire/src'];

/** Folders whose every subfolder needs a rule of its own. */
export const ruledFolders: readonly string[] = ['agent/src', 'gateway/src'];
