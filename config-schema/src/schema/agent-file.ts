import { type Static, Type } from '@penstock/json-schema';
import { connectorKinds, logLevels } from '../agent-config.ts';
import { MAX_CONNECTORS } from '../field/name.ts';
import { connectorTls } from './connector-tls.ts';
import { constant, group, integer, list, namedList, optionalGroup, quantity, text, word } from './field.ts';
import { apiVersion, drain, fileVersion } from './shared-fields.ts';

const switchable = (what: string, standard: 'allow' | 'deny') =>
  word(['allow', 'deny'], `Whether the control plane may ${what}.`, { default: standard });

const connector = group('A target that this agent may dial.', {
  name: text('name', 'Name by which the gateway requests this target; unique in this file.'),
  kind: word(
    connectorKinds,
    'Protocol of the target; determines how it is checked. `tcp` for anything not listed.',
  ),
  address: text('address', 'Target as `host:port`, resolved on this host; IPv6 in brackets.'),
  maxConnections: integer(
    'Maximum number of concurrent client connections to this target through this agent, from all replicas of the gateway together.',
    {
      default: 200,
      minimum: 1,
      maximum: 100_000,
    },
  ),
  dialTimeout: quantity('duration', 'Time limit for name resolution and connecting, combined.', {
    default: '5s',
    min: '10ms',
    max: '5m',
  }),
  check: Type.Optional(
    group(
      'Checks the target periodically, in its own protocol and without credentials. If omitted, it is never checked. A MySQL target logs a denied login of the user penstock_check for each check, unless that user exists without a password.',
      {
        interval: quantity('duration', 'Interval between checks.', { default: '30s', min: '1s', max: '1d' }),
      },
    ),
  ),
  tls: Type.Optional(connectorTls),
  alternates: list(
    text('address', 'Alternate host as `host:port`.'),
    'Additional hosts that the target redirects its clients to, as Oracle RAC and SQL Server do. Clients of SOCKS5 and HTTP CONNECT may request these as well.',
    { default: [], maxItems: 16, uniqueItems: true },
  ),
  proxyProtocol: Type.Optional(
    word(
      ['v1', 'v2'],
      "Sends each client's address to the target in a PROXY protocol header of this version. Use it only for targets that expect one. If omitted, no header is sent.",
    ),
  ),
});

/** agent.yaml, references resolved and defaults filled in. */
export const AgentFile = group(
  'Configuration of a Penstock agent: what it connects to and what it may dial.',
  {
    apiVersion,
    kind: constant('Agent', 'The program that reads this file: `Agent` for penstock-agent.'),
    version: fileVersion,
    name: text('name', "The agent's name, unique in the organization; often `${env:HOSTNAME}`."),
    pool: text('name', 'Pool this agent belongs to; the agents of a pool are interchangeable.'),
    gateway: group('The gateway to connect to, always outbound.', {
      url: text('gatewayUrl', "URL of the gateway's tunnel port. The port defaults to 443."),
      pins: list(
        text('certificatePin', 'SHA-256 hash of a public key: `sha256/` followed by base64.'),
        "Certificate pins: hashes of the public key of the gateway's certificate or of a CA in its chain. List the current one and a backup.",
        { minItems: 1, maxItems: 20, uniqueItems: true },
      ),
      trust: word(
        ['system', 'pins'],
        '`system`: the chain must lead to a CA that this host trusts, and a pin must match. `pins`: only a pin must match, for gateways with a self-signed certificate.',
        { default: 'system' },
      ),
      sessions: integer('Parallel sessions, spread over the replicas of the gateway.', {
        default: 2,
        minimum: 1,
        maximum: 16,
      }),
      maxSessions: integer(
        'Maximum number of sessions, at least `sessions`. The agent adds some while clients wait for each other on a long link, and more sessions move more.',
        { default: 16, minimum: 1, maximum: 16 },
      ),
      proxy: text(
        'proxy',
        'Outbound proxy: `env` uses HTTPS_PROXY and NO_PROXY, `none` connects directly; otherwise the URL of an HTTP proxy, with its password as a reference.',
        { default: 'env' },
      ),
    }),
    identity: optionalGroup("The agent's key and certificate.", {
      directory: text('path', 'Directory for the key and certificate; the key never leaves it.', {
        default: '/var/lib/penstock-agent',
      }),
      enrollmentToken: Type.Optional({
        ...text(
          'secret',
          'Token for the first enrollment, as a reference; not needed after enrollment. If the variable is not set or the file does not exist, the field counts as omitted.',
        ),
        mayBeMissing: true,
      }),
    }),
    connectors: namedList(connector, 'Targets that this agent may dial; it dials nothing else.', {
      maxItems: MAX_CONNECTORS,
    }),
    policy: optionalGroup("What the agent's operator allows; cannot be overridden remotely.", {
      deny: list(
        text('cidr', 'Range of addresses.'),
        'Ranges that the agent never dials, regardless of its connectors; checked against the resolved address, and against the IPv4 address that an address of NAT64, 6to4 or Teredo leads to.',
        { default: [], maxItems: 1000, uniqueItems: true },
      ),
      probe: optionalGroup('Connectivity probes that the control plane requests.', {
        allow: list(
          text('probeRule', 'Host, `*.suffix`, `*`, or range, followed by a port or `from-to`.'),
          'Hosts and ports that may be probed. Names are matched against the requested host, addresses and ranges against the address that is dialed. If empty, probes are refused. `policy.deny` also applies.',
          { default: [], maxItems: 1000, uniqueItems: true },
        ),
      }),
      resume: quantity(
        'duration',
        'The longest time that this agent keeps a connection to a target while it has no session; 0s resets the connection with its session.',
        { default: '5m', min: '0s', max: '1h' },
      ),
      remote: optionalGroup('Actions that the control plane may request of this agent.', {
        logs: switchable('read recent log lines, redacted', 'allow'),
        restart: switchable('restart the agent', 'deny'),
        upgrade: word(
          ['deny', 'window', 'allow'],
          'Whether the control plane may upgrade the agent: not at all, only in a maintenance window, or at any time.',
          { default: 'deny' },
        ),
      }),
    }),
    upgrade: optionalGroup('Upgrades of this host by its updater.', {
      source: text(
        'releaseSource',
        'Where releases are fetched from: `gateway`, the URL of a mirror, or a directory of this host. They are signed, so the source need not be trusted.',
        { default: 'gateway' },
      ),
      keep: integer('Number of versions kept on this host, including the current one.', {
        default: 2,
        minimum: 2,
        maximum: 10,
      }),
    }),
    dns: optionalGroup('The DNS cache.', {
      cacheTtl: quantity(
        'duration',
        'How long an answer is used without another lookup. The last answer also serves while a lookup is slow or fails, unless connections to it fail.',
        {
          default: '30s',
          min: '0s',
          max: '1d',
        },
      ),
      cacheSize: integer('Maximum number of cached answers.', {
        default: 1000,
        minimum: 1,
        maximum: 100_000,
      }),
    }),
    health: optionalGroup('Contents of heartbeats.', {
      sampleInterval: quantity('duration', 'Interval between samples.', {
        default: '15s',
        min: '1s',
        max: '1h',
      }),
      sample: list(
        word(['cpu', 'memory'], 'A measurement.'),
        'Measurements taken on this host. If empty, none are taken.',
        {
          default: [],
          uniqueItems: true,
        },
      ),
    }),
    tunnel: optionalGroup('Sessions to the gateway; the defaults suit nearly every installation.', {
      pingInterval: quantity('duration', 'Interval between PINGs.', {
        default: '15s',
        min: '100ms',
        max: '10m',
      }),
      pingTimeout: quantity(
        'duration',
        'Time to wait for the answer to a PING before the session is closed.',
        {
          default: '10s',
          min: '100ms',
          max: '10m',
        },
      ),
      halfClosedTimeout: quantity(
        'duration',
        'Idle time after which a half-closed client connection is closed.',
        { default: '10m', min: '1s', max: '7d' },
      ),
      memoryBudget: quantity('size', 'Total size of the receive windows of all sessions.', {
        default: '256MiB',
        min: '16MiB',
        max: '64GiB',
      }),
      reconnect: optionalGroup('Backoff between connection attempts, with full jitter.', {
        base: quantity('duration', 'Upper bound of the first delay; doubles with each attempt.', {
          default: '500ms',
          min: '10ms',
          max: '10m',
        }),
        max: quantity('duration', 'Upper bound of every delay.', { default: '30s', min: '10ms', max: '1h' }),
      }),
    }),
    drain,
    log: optionalGroup('The log on standard output.', {
      level: word(logLevels, 'Lowest severity that is logged.', { default: 'info' }),
      recent: integer('Number of lines kept in memory for the control plane to read, up to 16 MiB.', {
        default: 2000,
        minimum: 0,
        maximum: 100_000,
      }),
    }),
    local: optionalGroup('HTTP endpoint on this host: healthz, readyz, metrics, status.', {
      listen: text('listen', 'Address to listen on; keep it on loopback. Port 0 lets the system choose.', {
        default: '127.0.0.1:9070',
      }),
    }),
  },
);

export type AgentFile = Static<typeof AgentFile>;
