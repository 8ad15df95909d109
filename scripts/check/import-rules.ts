import { controlPlaneRules } from './control-plane-rules.ts';
import type { ImportRule } from './import-rule.ts';
import { roomNames, rooms } from './rooms.ts';

const roomOf = (name: string): readonly string[] => rooms.find((room) => room.name === name)?.mayImport ?? [];
/** The packages that every folder of the agent may import. */
const AGENT_BASE = roomOf('agent');
/** The packages that every folder of the gateway's data plane may import. */
const DATA_PLANE_BASE = ['config-schema', 'wire', 'runtime', 'transport', 'observe'];
const gateway = (...parts: readonly string[]) => parts.map((part) => `gateway/src/${part}`);
/** The files of the ingress that its protocols share. `open-ingress.ts` is not one of them: it knows every protocol. */
const ingress = gateway(
  ...[
    'client-reader',
    'client-source',
    'http-status',
    'ingress-handler',
    'lingering-sockets',
    'listener-config',
    'pending-handshakes',
    'refusal',
    'routed-client',
  ].map((file) => `ingress/${file}.ts`),
);
const agent = (...parts: readonly string[]) => parts.map((part) => `agent/src/${part}`);

/** docs/decisions and CONTRIBUTING.md explain the reasons; this table is enforced. */
export const importRules: readonly ImportRule[] = [
  ...rooms
    .filter(({ name }) => name !== 'agent' && name !== 'gateway' && name !== 'control-plane')
    .map(({ name, holds, mayImport }) => ({ from: name, mayImport, because: `it contains ${holds}` })),

  {
    from: 'agent/src',
    mayImport: [...AGENT_BASE, 'agent/src'],
    because: 'agent and gateway share only the wire protocol; the top-level files assemble the parts',
  },
  {
    from: 'agent/src/composition',
    mayImport: [
      ...AGENT_BASE,
      ...agent(
        'policy',
        'target',
        'identity',
        'tunnel',
        'health',
        'observe',
        'diagnostics',
        'local',
        'upgrade',
      ),
    ],
    because: 'the startup stages connect the parts of the agent, and daemon.ts lists the stages',
  },
  {
    from: 'agent/src/policy',
    mayImport: ['config-schema', 'wire'],
    because: 'only the configuration file of the target owners decides which targets are reachable',
  },
  {
    from: 'agent/src/target',
    mayImport: [...AGENT_BASE, ...agent('policy', 'observe')],
    because: 'dialing a target checks the policy and does not depend on tunnels',
  },
  {
    from: 'agent/src/tunnel',
    mayImport: [...AGENT_BASE, ...agent('policy', 'target', 'identity', 'health', 'observe')],
    because:
      'the tunnel carries opens and heartbeats; everything else it carries is passed in through a port',
  },
  {
    from: 'agent/src/identity',
    mayImport: [...AGENT_BASE, ...agent('observe')],
    because:
      'enrollment and renewal receive their transport as an argument, so both use the same one as sessions',
  },
  {
    from: 'agent/src/health',
    mayImport: [...AGENT_BASE, ...agent('observe')],
    because: 'health samples are taken off the data path',
  },
  {
    from: 'agent/src/observe',
    mayImport: AGENT_BASE,
    because: 'metrics do not depend on what they measure',
  },
  {
    from: 'agent/src/diagnostics',
    mayImport: [
      ...AGENT_BASE,
      ...agent('policy', 'target', 'identity', 'tunnel', 'health', 'observe', 'local'),
    ],
    because: 'the doctor uses the same code as the daemon, and nothing depends on the doctor',
  },
  {
    from: 'agent/src/upgrade',
    mayImport: [...AGENT_BASE, ...agent('observe')],
    because:
      'an upgrade receives its transport and its sessions as arguments, and has no rights over executables',
  },
  {
    from: 'agent/src/local',
    mayImport: [...AGENT_BASE, ...agent('health', 'observe')],
    because: 'the local server only shows what is passed to it',
  },
  {
    from: 'agent/src/cli',
    mayImport: [...AGENT_BASE, ...agent('local', 'diagnostics', 'identity')],
    because: 'commands use the local server of the running daemon; only run starts a daemon',
  },
  ...['enroll', 'reach-gateway', 'upgrade'].map((command) => ({
    from: `agent/src/cli/${command}-command.ts`,
    mayImport: [...AGENT_BASE, ...agent('cli', 'diagnostics', 'identity', 'tunnel', 'upgrade')],
    because: 'these commands use the same path through proxy, TLS and certificate pin as a session',
  })),
  {
    from: 'agent/src/cli/run-command.ts',
    mayImport: [...AGENT_BASE, ...agent('cli', 'local', 'diagnostics', 'identity', 'observe', 'daemon.ts')],
    because: 'this command runs the daemon',
  },

  {
    from: 'gateway/src',
    mayImport: [...roomOf('gateway'), 'gateway/src'],
    because: 'the top-level files assemble data plane and control plane',
  },
  {
    from: 'gateway/src/composition',
    mayImport: [...roomOf('gateway'), 'gateway/src'],
    because: 'this is the only folder that connects data plane and control plane',
  },
  {
    from: 'gateway/src/cli',
    mayImport: [...roomOf('gateway'), 'gateway/src/gateway.ts', ...gateway('observe', 'composition')],
    because: 'these commands run a gateway or create its data directory; all others are in operator',
  },
  {
    from: 'gateway/src/control-plane-port.ts',
    mayImport: DATA_PLANE_BASE,
    because:
      'the data plane declares what it needs from the control plane without depending on the implementation',
  },
  {
    from: 'gateway/src/ingress',
    mayImport: [...DATA_PLANE_BASE, ...gateway('access', 'routing', 'observe', 'control-plane-port.ts')],
    because: 'an ingress uses access and routing and reports to the connection log, but never uses a tunnel',
  },
  {
    from: 'gateway/src/ingress/tls',
    mayImport: DATA_PLANE_BASE,
    because: 'TLS with clients is independent of the protocol inside it and of the ingress that uses it',
  },
  {
    from: 'gateway/src/ingress/postgresql',
    mayImport: [
      ...DATA_PLANE_BASE,
      ...ingress,
      ...gateway('access/elsewhere.ts', 'routing/session-contract.ts'),
    ],
    because: "PostgreSQL's messages do not depend on how a port selects the connection of a client",
  },
  {
    from: 'gateway/src/ingress/client-errors',
    mayImport: [...DATA_PLANE_BASE, ...ingress, ...gateway('ingress/tls', 'ingress/postgresql')],
    because: 'the protocols in which clients learn of an error do not depend on the ingress that has it',
  },
  {
    from: 'gateway/src/ingress/tcp',
    mayImport: [...DATA_PLANE_BASE, ...ingress, ...gateway('ingress/client-errors')],
    because: 'a TCP port belongs to one connection, and speaks its protocol only to report an error',
  },
  {
    from: 'gateway/src/ingress/sni',
    mayImport: [
      ...DATA_PLANE_BASE,
      ...ingress,
      ...gateway(
        'access/allow-list.ts',
        'ingress/client-errors',
        'ingress/tls',
        'ingress/postgresql',
        'routing/session-contract.ts',
      ),
    ],
    because:
      'an SNI port selects the connection by the server name in TLS, which PostgreSQL clients precede with their own messages',
  },
  {
    from: 'gateway/src/ingress/forward-proxy',
    mayImport: [...DATA_PLANE_BASE, ...ingress, ...gateway('access', 'routing')],
    because: 'the code that SOCKS5 and HTTP CONNECT share depends on neither of them',
  },
  {
    from: 'gateway/src/ingress/socks5',
    mayImport: [...DATA_PLANE_BASE, ...ingress, ...gateway('ingress/forward-proxy')],
    because: 'a forward proxy protocol does not depend on other protocols',
  },
  {
    from: 'gateway/src/ingress/http-connect',
    mayImport: [...DATA_PLANE_BASE, ...ingress, ...gateway('ingress/forward-proxy', 'ingress/tls')],
    because: 'a forward proxy protocol does not depend on other protocols',
  },
  {
    from: 'gateway/src/access',
    mayImport: DATA_PLANE_BASE,
    because: 'access is decided in memory; the control plane adds and revokes grants through a port',
  },
  {
    from: 'gateway/src/routing',
    mayImport: [...DATA_PLANE_BASE, ...gateway('observe')],
    because: 'routing selects among sessions of any kind and never waits for the store',
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
    because: 'a session knows its agent but not its clients; it implements the session contract of routing',
  },
  {
    from: 'gateway/src/relay',
    mayImport: [
      ...DATA_PLANE_BASE,
      'json-schema',
      'cluster',
      ...gateway(
        'access/elsewhere.ts',
        'routing/session-contract.ts',
        'tunnel/agent-announcement.ts',
        'tunnel/offered-connector.ts',
        'tunnel/plain-request.ts',
        'tunnel/registry.ts',
        'tunnel/session-registry.ts',
        'tunnel/unjoined-stream.ts',
      ),
    ],
    because:
      'a relayed session is another kind of session: it implements the same contracts as those of the tunnel',
  },
  {
    from: 'gateway/src/observe',
    mayImport: DATA_PLANE_BASE,
    because: 'metrics do not depend on what they measure',
  },

  ...controlPlaneRules,

  ...['agent', 'gateway'].map((name) => ({
    from: `${name}/bin`,
    mayImport: ['wire', `${name}/src/main.ts`],
    because:
      'it checks the version of Node, in syntax that every version can parse, and then starts the program',
  })),
  ...roomNames.map((name) => ({
    from: `${name}/test`,
    mayImport: [...roomNames, 'test/rig', ...roomNames.map((room) => `${room}/test`)],
    because:
      'tests next to the code may import any file of their own package, other packages by name, and the fixtures of all',
  })),
  {
    from: 'types',
    mayImport: [],
    because: 'these declarations extend those of dependencies',
  },
  ...['test', 'bench', 'examples', 'scripts'].map((from) => ({
    from,
    mayImport: [...roomNames, 'test', 'bench', 'examples', 'scripts'],
    because: 'what needs both ends imports packages by name or starts real processes',
  })),
];

/** Modules that can open sockets. The folders in `socketFree` may import only their types. */
export const socketModules: ReadonlySet<string> = new Set(
  ['net', 'tls', 'http', 'https', 'http2', 'dgram', 'undici'].flatMap((name) => [name, `node:${name}`]),
);
export const socketFree: readonly string[] = [
  'config-schema/src',
  'wire/src',
  'api-schema/src',
  'rollouts/src',
  'connection-strings/src',
  'runtime/src',
  'release/src',
];

/** Folders in which every subfolder needs its own rule. */
export const ruledFolders: readonly string[] = ['agent/src', 'gateway/src', 'control-plane/src'];
