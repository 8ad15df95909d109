import Type, { type Static } from 'typebox';
import { connectorKinds, logLevels } from '../agent-config.ts';
import { MAX_CONNECTORS } from '../field/name.ts';
import { connectorTls } from './connector-tls.ts';
import {
  constant,
  group,
  integer,
  list,
  namedList,
  optionalGroup,
  quantity,
  text,
  withoutEffect,
  word,
} from './field.ts';
import { apiVersion, drain, fileVersion } from './shared-fields.ts';

const switchable = (what: string, standard: 'allow' | 'deny') =>
  word(['allow', 'deny'], `Whether the control plane may ${what}.`, { default: standard });

const connector = group('One target this agent may dial.', {
  name: text('name', 'Name that the gateway asks for; unique in this file.'),
  kind: word(
    connectorKinds,
    'What speaks at the address; decides how it is checked. `tcp` for anything not listed.',
  ),
  address: text('address', 'Target as `host:port`, resolved on this host; IPv6 in brackets.'),
  maxConnections: integer('Client connections carried to this target at once.', {
    default: 200,
    minimum: 1,
    maximum: 100_000,
  }),
  dialTimeout: quantity('duration', 'Time for name resolution and connecting together.', {
    default: '5s',
    min: '10ms',
    max: '5m',
  }),
  check: Type.Optional(
    group(
      'Ask the target now and then, in its own protocol and without credentials. Left out: never. A MySQL target is asked on demand only, since it blocks hosts that do it often.',
      {
        interval: quantity('duration', 'Time between two checks.', { default: '30s', min: '1s', max: '1d' }),
      },
    ),
  ),
  tls: Type.Optional(connectorTls),
  alternates: list(
    text('address', 'Host as `host:port`.'),
    'Further hosts that the target redirects its clients to, as Oracle RAC and SQL Server do. Clients that come by SOCKS5 or HTTP CONNECT may ask for these as well.',
    { default: [], maxItems: 16, uniqueItems: true },
  ),
  proxyProtocol: Type.Optional(
    word(
      ['v1', 'v2'],
      'Tells the target the address of each client, by the header of the PROXY protocol. Only for targets that expect one. Left out: no header.',
    ),
  ),
});

/** agent.yaml, references resolved and defaults filled in. */
export const AgentFile = group(
  'Configuration of a Penstock agent: what it connects to and what it may dial.',
  {
    apiVersion,
    kind: constant('Agent', 'Which program reads this file: `Agent` is penstock-agent.'),
    version: fileVersion,
    name: text('name', "The agent's name, unique in the organization; often `${env:HOSTNAME}`."),
    pool: text('name', 'Pool this agent belongs to; agents of one pool stand in for each other.'),
    gateway: group('The gateway to connect to, always outbound.', {
      url: text('gatewayUrl', "Address of the gateway's tunnel port. Port 443 when left out."),
      pins: list(
        text('certificatePin', 'SHA-256 of a public key, as `sha256/` and base64.'),
        "Certificate pins: public keys of the gateway's certificate or of a CA in its chain; the current one and a backup.",
        { minItems: 1, maxItems: 20, uniqueItems: true },
      ),
      trust: word(
        ['system', 'pins'],
        '`system`: the chain must lead to a CA this host trusts, and the pins must match. `pins`: the pins alone, for a gateway with a certificate of its own making.',
        { default: 'system' },
      ),
      sessions: integer('Parallel sessions, spread over the replicas of the gateway.', {
        default: 2,
        minimum: 1,
        maximum: 16,
      }),
      proxy: text(
        'proxy',
        'Way out: `env` reads HTTPS_PROXY and NO_PROXY, `none` connects directly, or the URL of an HTTP proxy with its password by reference.',
        { default: 'env' },
      ),
    }),
    identity: optionalGroup("The agent's key and certificate.", {
      directory: text('path', 'Folder for the key and certificate; the key never leaves it.', {
        default: '/var/lib/penstock-agent',
      }),
      enrollmentToken: Type.Optional({
        ...text(
          'secret',
          'Token for the first enrollment, by reference; not needed once enrolled. A reference that gives nothing, to a variable that is not set or a file that does not exist, counts as left out.',
        ),
        mayBeMissing: true,
      }),
    }),
    connectors: namedList(connector, 'Targets this agent may dial; it dials nothing else.', {
      maxItems: MAX_CONNECTORS,
    }),
    policy: optionalGroup("What the agent's owners allow; nothing remote overrides it.", {
      deny: list(
        text('cidr', 'Range of addresses.'),
        'Ranges the agent never dials, whatever a connector says; checked on the resolved address.',
        { default: [], maxItems: 1000, uniqueItems: true },
      ),
      probe: optionalGroup('Connectivity probes that the control plane asks for.', {
        allow: list(
          text('probeRule', 'Host, `*.suffix`, `*` or range, then a port or `from-to`.'),
          'Hosts and ports that may be probed: a name as it is asked for, an address or range on what is dialed. Empty: none. `policy.deny` holds as well.',
          { default: [], maxItems: 1000, uniqueItems: true },
        ),
      }),
      remote: optionalGroup('What the control plane may ask of this agent.', {
        logs: switchable('read recent log lines, redacted', 'allow'),
        restart: switchable('restart the agent', 'deny'),
        upgrade: withoutEffect(switchable('upgrade the agent', 'deny')),
      }),
    }),
    dns: optionalGroup('Answers to name resolution that are kept.', {
      cacheTtl: quantity('duration', 'How long an answer is used; 0s asks every time.', {
        default: '30s',
        min: '0s',
        max: '1d',
      }),
      cacheSize: integer('Answers kept at most.', { default: 1000, minimum: 1, maximum: 100_000 }),
    }),
    health: optionalGroup('What heartbeats carry.', {
      sampleInterval: quantity('duration', 'Time between two samples.', {
        default: '15s',
        min: '1s',
        max: '1h',
      }),
      sample: list(
        word(['cpu', 'memory'], 'What to sample.'),
        'What is sampled on this host. Empty: nothing.',
        {
          default: [],
          uniqueItems: true,
        },
      ),
    }),
    tunnel: optionalGroup('Sessions to the gateway; the defaults suit nearly everyone.', {
      pingInterval: quantity('duration', 'Time between two PINGs.', {
        default: '15s',
        min: '100ms',
        max: '10m',
      }),
      pingTimeout: quantity('duration', 'Silence after a PING before the session is given up.', {
        default: '10s',
        min: '100ms',
        max: '10m',
      }),
      halfClosedTimeout: quantity(
        'duration',
        'Silence allowed to a client connection of which one side has ended.',
        { default: '10m', min: '1s', max: '7d' },
      ),
      memoryBudget: quantity('size', 'Receive windows that all sessions together may promise.', {
        default: '256MiB',
        min: '16MiB',
        max: '64GiB',
      }),
      reconnect: optionalGroup('Waiting between attempts to connect, with full jitter.', {
        base: quantity('duration', 'Upper bound of the first wait; doubles from then on.', {
          default: '500ms',
          min: '10ms',
          max: '10m',
        }),
        max: quantity('duration', 'Upper bound of any wait.', { default: '30s', min: '10ms', max: '1h' }),
      }),
    }),
    drain,
    log: optionalGroup('The log on standard output.', {
      level: word(logLevels, 'Least severe level that is logged.', { default: 'info' }),
      recent: integer('Lines kept in memory for the control plane to read, 16 MiB of them at most.', {
        default: 2000,
        minimum: 0,
        maximum: 100_000,
      }),
    }),
    local: optionalGroup('HTTP on this host: healthz, readyz, metrics, status.', {
      listen: text('listen', 'Address to listen on; keep it on loopback. Port 0 lets the system choose.', {
        default: '127.0.0.1:9070',
      }),
    }),
  },
);

export type AgentFile = Static<typeof AgentFile>;
