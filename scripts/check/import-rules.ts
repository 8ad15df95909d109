import { roomNames, rooms } from './rooms.ts';

/** Who may import whom. docs/decisions and CONTRIBUTING.md tell the story; this is the table that is enforced. */
export type ImportRule = {
  /** A folder or a file, from the root; the longest that matches a file decides. */
  readonly from: string;
  /** Folders and files it may import besides itself; packages by their folder. */
  readonly mayImport: readonly string[];
  readonly because: string;
};

const roomOf = (name: string): readonly string[] => rooms.find((room) => room.name === name)?.mayImport ?? [];
/** The packages below the agent, and below the data plane of the gateway. */
const AGENT_BASE = roomOf('agent');
const DATA_PLANE_BASE = ['config-schema', 'wire', 'runtime', 'transport', 'observe'];
/** Every folder of the control plane may name the actor of what it does. */
const CONTROL_PLANE_BASE = [...roomOf('control-plane'), 'control-plane/src/actor.ts'];
const gateway = (...parts: readonly string[]) => parts.map((part) => `gateway/src/${part}`);
/** The files of the ingress that its protocols share; not `open-ingress.ts`, which knows all of them. */
const ingress = gateway(
  ...[
    'client-reader',
    'client-source',
    'ingress-handler',
    'lingering-sockets',
    'listener-config',
    'pending-handshakes',
    'refusal',
    'routed-client',
  ].map((file) => `ingress/${file}.ts`),
);
const agent = (...parts: readonly string[]) => parts.map((part) => `agent/src/${part}`);
const controlPlane = (...parts: readonly string[]) => parts.map((part) => `control-plane/src/${part}`);

export const importRules: readonly ImportRule[] = [
  ...rooms
    .filter(({ name }) => name !== 'agent' && name !== 'gateway' && name !== 'control-plane')
    .map(({ name, holds, mayImport }) => ({ from: name, mayImport, because: `it holds ${holds}` })),

  {
    from: 'agent/src',
    mayImport: [...AGENT_BASE, 'agent/src'],
    because: 'agent and gateway meet on the wire alone; the files at the top put the parts together',
  },
  {
    from: 'agent/src/composition',
    mayImport: [
      ...AGENT_BASE,
      ...agent('policy', 'target', 'identity', 'tunnel', 'health', 'observe', 'diagnostics', 'local'),
    ],
    because: 'the stages of a start connect the parts of the agent, and daemon.ts lists the stages',
  },
  {
    from: 'agent/src/policy',
    mayImport: ['config-schema', 'wire'],
    because: 'what may be reached is decided by the file of the owners and by nothing else',
  },
  {
    from: 'agent/src/target',
    mayImport: [...AGENT_BASE, ...agent('policy', 'observe')],
    because: 'dialing a target asks the policy, and knows nothing of tunnels',
  },
  {
    from: 'agent/src/tunnel',
    mayImport: [...AGENT_BASE, ...agent('policy', 'target', 'identity', 'health', 'observe')],
    because: 'the tunnel carries opens and heartbeats; whatever else it carries comes through a port',
  },
  {
    from: 'agent/src/identity',
    mayImport: [...AGENT_BASE, ...agent('observe')],
    because: 'enrollment and renewal are given their transport, so that all three use the same',
  },
  {
    from: 'agent/src/health',
    mayImport: [...AGENT_BASE, ...agent('observe')],
    because: 'samples are off the data path',
  },
  {
    from: 'agent/src/observe',
    mayImport: AGENT_BASE,
    because: 'measuring depends on nothing that is measured',
  },
  {
    from: 'agent/src/diagnostics',
    mayImport: [
      ...AGENT_BASE,
      ...agent('policy', 'target', 'identity', 'tunnel', 'health', 'observe', 'local'),
    ],
    because: 'the doctor walks the same way as the daemon, and nobody depends on the doctor',
  },
  {
    from: 'agent/src/local',
    mayImport: [...AGENT_BASE, ...agent('health', 'observe')],
    because: 'the local server shows what it is given',
  },
  {
    from: 'agent/src/cli',
    mayImport: [...AGENT_BASE, ...agent('local', 'diagnostics', 'identity')],
    because: 'a command talks to the running daemon through its local server; only run starts one',
  },
  {
    from: 'agent/src/cli/enroll-command.ts',
    mayImport: [...AGENT_BASE, ...agent('cli', 'identity', 'tunnel')],
    because: 'to enroll is to ask the gateway, over the same transport as the daemon does',
  },
  {
    from: 'agent/src/cli/run-command.ts',
    mayImport: [...AGENT_BASE, ...agent('cli', 'local', 'diagnostics', 'identity', 'observe', 'daemon.ts')],
    because: 'this command is the daemon',
  },
  {
    from: 'agent/src/cli/enroll-command.ts',
    mayImport: [...AGENT_BASE, ...agent('cli', 'identity', 'tunnel')],
    because: 'enrolling goes the same way through proxy, TLS and certificate pin as a session',
  },

  {
    from: 'gateway/src',
    mayImport: [...roomOf('gateway'), 'gateway/src'],
    because: 'the files at the top put data plane and control plane together',
  },
  {
    from: 'gateway/src/composition',
    mayImport: [...roomOf('gateway'), 'gateway/src'],
    because: 'data plane and control plane meet here and nowhere else',
  },
  {
    from: 'gateway/src/cli',
    mayImport: [...roomOf('gateway'), 'gateway/src/gateway.ts', ...gateway('observe', 'composition')],
    because: 'these commands run a gateway or make its data directory; all others live in operator',
  },
  {
    from: 'gateway/src/control-plane-port.ts',
    mayImport: DATA_PLANE_BASE,
    because: 'the data plane declares what it needs of the control plane, and does not know who provides it',
  },
  {
    from: 'gateway/src/ingress',
    mayImport: [...DATA_PLANE_BASE, ...gateway('access', 'routing', 'observe')],
    because: 'an ingress asks for access and a route, and never sees a tunnel',
  },
  {
    from: 'gateway/src/ingress/tls',
    mayImport: DATA_PLANE_BASE,
    because: 'TLS with clients knows no protocol inside it and no ingress around it',
  },
  {
    from: 'gateway/src/ingress/postgresql',
    mayImport: [...DATA_PLANE_BASE, ...ingress, ...gateway('routing/session-contract.ts')],
    because: "PostgreSQL's messages do not depend on how a port selects the connection of a client",
  },
  {
    from: 'gateway/src/ingress/tcp',
    mayImport: [...DATA_PLANE_BASE, ...ingress],
    because: 'a TCP port belongs to one connection and knows nothing of its protocol',
  },
  {
    from: 'gateway/src/ingress/sni',
    mayImport: [
      ...DATA_PLANE_BASE,
      ...ingress,
      ...gateway('ingress/tls', 'ingress/postgresql', 'routing/session-contract.ts'),
    ],
    because: 'an SNI port selects by the name in TLS, before which PostgreSQL has messages of its own',
  },
  {
    from: 'gateway/src/ingress/forward-proxy',
    mayImport: [...DATA_PLANE_BASE, ...ingress, ...gateway('access', 'routing')],
    because: 'what SOCKS5 and HTTP CONNECT share knows neither of them',
  },
  {
    from: 'gateway/src/ingress/socks5',
    mayImport: [...DATA_PLANE_BASE, ...ingress, ...gateway('ingress/forward-proxy')],
    because: 'a protocol of forward proxies knows no other protocol',
  },
  {
    from: 'gateway/src/ingress/http-connect',
    mayImport: [...DATA_PLANE_BASE, ...ingress, ...gateway('ingress/forward-proxy', 'ingress/tls')],
    because: 'a protocol of forward proxies knows no other protocol',
  },
  {
    from: 'gateway/src/access',
    mayImport: DATA_PLANE_BASE,
    because: 'access is decided in memory; the control plane adds and revokes grants through a port',
  },
  {
    from: 'gateway/src/routing',
    mayImport: [...DATA_PLANE_BASE, ...gateway('observe')],
    because: 'routing picks among sessions of any kind, and never waits for the store',
  },
  {
    from: 'gateway/src/tunnel',
    mayImport: [
      ...DATA_PLANE_BASE,
      ...gateway(
        'observe',
        'control-plane-port.ts',
        'routing/session-contract.ts',
        'routing/host-port-text.ts',
      ),
    ],
    because: 'a session knows its agent but none of its clients; it fulfills what routing asks of a session',
  },
  {
    from: 'gateway/src/observe',
    mayImport: DATA_PLANE_BASE,
    because: 'measuring depends on nothing that is measured',
  },

  {
    from: 'control-plane/src',
    mayImport: [...CONTROL_PLANE_BASE, 'control-plane/src'],
    because: 'the control plane knows no socket of the tunnel and no HTTP/2',
  },
  {
    from: 'control-plane/src/identity',
    mayImport: CONTROL_PLANE_BASE,
    because: 'identities are kept in the store',
  },
  {
    from: 'control-plane/src/pins',
    mayImport: CONTROL_PLANE_BASE,
    because: 'a pin is a row of the store, whatever agents run',
  },
  {
    from: 'control-plane/src/grants',
    mayImport: [...CONTROL_PLANE_BASE, ...controlPlane('data-plane-port.ts')],
    because: 'a grant is a row of the store; the data plane enforces it behind a port',
  },
  {
    from: 'control-plane/src/observe',
    mayImport: CONTROL_PLANE_BASE,
    because: 'an event is a level and a sentence, whoever logs it',
  },
  {
    from: 'control-plane/src/fleet',
    mayImport: [...CONTROL_PLANE_BASE, ...controlPlane('pins', 'events', 'observe', 'data-plane-port.ts')],
    because: 'the fleet is judged by what sessions, the store and pins say of it',
  },
  {
    from: 'control-plane/src/approvals',
    mayImport: [...CONTROL_PLANE_BASE, ...controlPlane('fleet', 'events')],
    because: 'an action waits for its approval and then runs as if it had been called',
  },
  {
    from: 'control-plane/src/requests',
    mayImport: [...CONTROL_PLANE_BASE, ...controlPlane('fleet', 'pins', 'approvals')],
    because: 'agents are asked by name, and some questions need an approval',
  },
  {
    from: 'control-plane/src/events',
    mayImport: [...CONTROL_PLANE_BASE, ...controlPlane('fleet')],
    because: 'events are published by others',
  },
  {
    from: 'control-plane/src/alerts',
    mayImport: [...CONTROL_PLANE_BASE, ...controlPlane('fleet', 'events', 'observe')],
    because: 'alerts are told what holds in the fleet',
  },
  {
    from: 'control-plane/src/metrics',
    mayImport: [...CONTROL_PLANE_BASE, ...controlPlane('fleet', 'alerts')],
    because: 'measuring depends on nothing that is measured',
  },
  {
    from: 'control-plane/src/api',
    mayImport: [...CONTROL_PLANE_BASE, 'control-plane/src'],
    because: 'the API shows and steers everything of the control plane; only the composition knows it',
  },

  ...['agent', 'gateway'].map((name) => ({
    from: `${name}/bin`,
    mayImport: ['wire', `${name}/src/main.ts`],
    because:
      'it asks for the version of Node, in words that every version understands, and then starts the program',
  })),
  ...roomNames.map((name) => ({
    from: `${name}/test`,
    mayImport: [...roomNames, 'test/rig', ...roomNames.map((room) => `${room}/test`)],
    because:
      'tests beside the code see their own package whole, the others through their doors, and the fixtures of each',
  })),
  {
    from: 'types',
    mayImport: [],
    because: 'these declarations complete those of dependencies',
  },
  ...['test', 'bench', 'examples', 'scripts'].map((from) => ({
    from,
    mayImport: [...roomNames, 'test', 'bench', 'examples', 'scripts'],
    because: 'what needs both ends goes through the doors of the packages and real processes',
  })),
];

/** Modules with which a socket can be opened; these folders may take their types only. */
export const socketModules: ReadonlySet<string> = new Set(
  ['net', 'tls', 'http', 'https', 'http2', 'dgram', 'undici'].flatMap((name) => [name, `node:${name}`]),
);
export const socketFree: readonly string[] = [
  'config-schema/src',
  'wire/src',
  'api-schema/src',
  'runtime/src',
  'store/src',
];

/** Folders whose every subfolder needs a rule of its own. */
export const ruledFolders: readonly string[] = ['agent/src', 'gateway/src', 'control-plane/src'];
