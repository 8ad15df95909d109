/** What the replicas of a site listen on: each has a host of its own. */
export const ports = { tunnel: 8443, peers: 8444, admin: 8080, clients: 5432 } as const;

export const DRAIN_MS = { settle: 4_000, spread: 4_000, timeout: 8_000 } as const;

/** A link that is dead without a sign of it is noticed after these two. */
const PING = { pingInterval: '2s', pingTimeout: '4s' };

/** The pool whose only agent is paused to make an alert fire. No connection uses it. */
export const WATCHED_POOL = 'watched';

/** The pools that clients reach, in the order of preference. */
const POOLS = ['dc1', 'dc2'];

export type GatewayFileOptions = {
  /** The address of the load balancer and of clients. */
  readonly from: string;
  readonly pools: readonly string[];
  /** How long agents keep connections of a replica that was killed. */
  readonly resumeFor: string;
};

/** gateway.yaml, the same for all replicas. */
export const gatewayFile = ({ from, pools, resumeFor }: GatewayFileOptions) => ({
  apiVersion: 'penstock/v1',
  kind: 'Gateway',
  version: 1,
  organization: 'survival',
  listen: { tunnel: `0.0.0.0:${ports.tunnel}`, admin: `0.0.0.0:${ports.admin}` },
  dataDirectory: '${env:DATA}',
  store: { url: '${env:STORE_URL}' },
  cluster: {
    name: '${env:REPLICA}',
    listen: `0.0.0.0:${ports.peers}`,
    advertise: `\${env:ADDRESS}:${ports.peers}`,
  },
  tunnel: { ...PING, proxyProtocol: { from: [`${from}/32`] } },
  resume: { for: resumeFor },
  health: { heartbeatInterval: '1s', staleAfter: '30s' },
  pools: [
    ...POOLS.filter((name) => pools.includes(name)).map((name) => ({
      name,
      queue: { limit: 500, timeout: '20s' },
    })),
    ...(pools.includes(WATCHED_POOL) ? [{ name: WATCHED_POOL, minReady: 1 }] : []),
  ],
  connections: [
    {
      name: 'orders',
      connector: 'orders-db',
      pools: POOLS.filter((name) => pools.includes(name)),
      ingress: [{ tcp: `0.0.0.0:${ports.clients}`, allow: [`${from}/32`] }],
    },
  ],
  alerts: [
    { condition: 'pool-below-min-ready', for: '2s', receivers: ['ops'] },
    { condition: 'clock-skew', for: '2s', receivers: ['ops'] },
    { condition: 'identity-cloned', receivers: ['ops'] },
  ],
  receivers: [{ name: 'ops', webhook: '${env:WEBHOOK}', groupWait: '200ms' }],
  drain: {
    settle: `${DRAIN_MS.settle}ms`,
    spread: `${DRAIN_MS.spread}ms`,
    timeout: `${DRAIN_MS.timeout}ms`,
  },
});

export type AgentFileOptions = {
  readonly name: string;
  readonly pool: string;
  readonly gatewayPort: number;
  readonly pin: string;
  readonly directory: string;
  readonly targetPort: number;
};

export const agentFile = ({ name, pool, gatewayPort, pin, directory, targetPort }: AgentFileOptions) => ({
  apiVersion: 'penstock/v1',
  kind: 'Agent',
  version: 1,
  name,
  pool,
  gateway: {
    url: `https://127.0.0.1:${gatewayPort}`,
    pins: [pin],
    trust: 'pins',
    sessions: 2,
    proxy: 'none',
  },
  identity: { directory, enrollmentToken: '${env:TOKEN}' },
  connectors: [{ name: 'orders-db', kind: 'postgresql', address: `127.0.0.1:${targetPort}` }],
  tunnel: { ...PING, reconnect: { base: '100ms', max: '1s' } },
  local: { listen: '127.0.0.1:0' },
});

/** haproxy in front of the tunnel ports, with the PROXY protocol, and of the ports for clients, by readiness. */
export const haproxyFile = (agents: number, clients: number, addresses: readonly string[]) => `global
  maxconn 4000
defaults
  mode tcp
  timeout connect 500ms
  timeout client 1h
  timeout server 1h
  retries 5
  option redispatch 1
listen agents
  bind 127.0.0.1:${agents}
  balance leastconn
${addresses.map((address, index) => `  server r${index + 1} ${address}:${ports.tunnel} send-proxy-v2 check inter 500ms fall 2 rise 1`).join('\n')}
listen clients
  bind 127.0.0.1:${clients}
  balance leastconn
  option httpchk GET /readyz
${addresses.map((address, index) => `  server r${index + 1} ${address}:${ports.clients} check port ${ports.admin} inter 500ms fall 2 rise 1`).join('\n')}
`;
