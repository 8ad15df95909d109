import { type Static, Type } from '@penstock/json-schema';
import { connectorKinds, logLevels } from '../agent-config.ts';
import { alertConditions, approvableActions, clientErrorModes } from '../gateway-config.ts';
import { cluster } from './cluster-fields.ts';
import { connectionLog } from './connection-log-fields.ts';
import { signIn, webConsole } from './console-fields.ts';
import { constant, group, integer, list, namedList, optionalGroup, quantity, text, word } from './field.ts';
import { clientLimits, ingress, ingressTls, proxyProtocol } from './ingress-fields.ts';
import { freezes, restart, upgrade, windows } from './rollout-fields.ts';
import { apiVersion, fileVersion, gatewayDrain } from './shared-fields.ts';
import { agentCa, databaseStore } from './store-fields.ts';

const pool = group('A group of interchangeable agents.', {
  name: text('name', 'Name that agents and connections use; unique in this file.'),
  pinning: word(
    ['enforce', 'warn', 'off'],
    'What to do with agents whose configuration does not match the pin: `enforce` quarantines them, `warn` flags them, `off` only reports the difference.',
    { default: 'off' },
  ),
  minReady: integer('Minimum number of ready agents for the pool to be healthy.', {
    default: 1,
    minimum: 0,
    maximum: 10_000,
  }),
  queue: optionalGroup('Queue of clients that wait while the pool has no available agent.', {
    limit: integer('Maximum number of waiting clients, at each replica; 0 disables the queue.', {
      default: 64,
      minimum: 0,
      maximum: 100_000,
    }),
    timeout: quantity('duration', 'How long each client waits.', { default: '5s', min: '0s', max: '10m' }),
  }),
  requireApproval: list(
    word(approvableActions, 'An action.'),
    "Operators' actions on this pool or its agents that require the approval of an admin. If omitted, none do.",
    { default: [], maxItems: approvableActions.length, uniqueItems: true },
  ),
  upgrade,
  restart,
  forgetAfter: quantity(
    'duration',
    'Time without a session after which an agent is removed: its identity is revoked, and its name is free. For agents whose names an orchestrator makes. While no agent of the pool is connected, none is removed. 0s never removes any.',
    { default: '0s', min: '0s', max: '365d' },
  ),
});

const connection = group('A route from clients to a connector.', {
  name: text('name', 'Name of the route; unique in this file.'),
  connector: text('name', "Name of the connector in the agents' files."),
  kind: Type.Optional(
    word(
      connectorKinds,
      "Protocol of the connector, as in the agents' files. Lets `validate` reject ingress that this protocol cannot use.",
    ),
  ),
  pools: list(text('name', 'Name of a pool of this file.'), 'Acceptable pools, in order of preference.', {
    minItems: 1,
    maxItems: 100,
    uniqueItems: true,
  }),
  maxConnections: integer('Maximum number of concurrent client connections, at all replicas together.', {
    default: 500,
    minimum: 1,
    maximum: 1_000_000,
  }),
  clientErrors: word(
    clientErrorModes,
    'What a client receives when it cannot be connected: `report` sends the reason in its own protocol, if that is known, and `reset` resets the connection. SOCKS5 and HTTP CONNECT always reply.',
    { default: 'report' },
  ),
  resume: Type.Optional(
    group('How clients of this connection outlive the session to the agent. Default: `resume` of the file.', {
      for: quantity(
        'duration',
        'How long a client stays connected without a session; 0s resets it with its session.',
        { default: '60s', min: '0s', max: '1h' },
      ),
    }),
  ),
  ingress: list(ingress, 'How clients connect.', { minItems: 1, maxItems: 100 }),
});

/** gateway.yaml, references resolved and defaults filled in. */
export const GatewayFile = group(
  'Configuration of a Penstock gateway: which clients and agents may connect, and how connections are routed.',
  {
    apiVersion,
    kind: constant('Gateway', 'The program that reads this file: `Gateway` for penstock-gateway.'),
    version: fileVersion,
    organization: text('name', 'Organization of the agents that enroll here; part of their certificates.'),
    listen: optionalGroup('Addresses that this gateway listens on, in addition to ingress.', {
      tunnel: text('listen', 'Address for agents. Port 0 lets the system choose.', {
        default: '0.0.0.0:8443',
      }),
      admin: text('listen', 'Address for the API, health, and metrics. Port 0 lets the system choose.', {
        default: '127.0.0.1:8080',
      }),
    }),
    dataDirectory: text(
      'path',
      'Directory for the agent CA, the embedded store, and the server certificate created by `init`.',
      {
        default: '/var/lib/penstock-gateway',
      },
    ),
    agentCa: Type.Optional(agentCa),
    tunnelTls: Type.Optional(
      group(
        'Server certificate of the tunnel port. Defaults to the one that `init` created in the data directory.',
        {
          certificate: text(
            'certificate',
            'Certificate chain as PEM, leaf certificate first: `${file:/etc/penstock/tls.crt}`.',
          ),
          key: text(
            'privateKey',
            'Private key of the certificate as PEM, as a reference: `${file:/etc/penstock/tls.key}`.',
          ),
        },
      ),
    ),
    adminTls: Type.Optional(
      group('Enables TLS on the admin address. If omitted, it uses plain HTTP.', {
        certificate: text(
          'certificate',
          'Certificate chain as PEM, leaf certificate first: `${file:/etc/penstock/admin.crt}`.',
        ),
        key: text(
          'privateKey',
          'Private key of the certificate as PEM, as a reference: `${file:/etc/penstock/admin.key}`.',
        ),
      }),
    ),
    signIn,
    console: webConsole,
    store: Type.Optional(databaseStore),
    cluster: Type.Optional(cluster),
    pools: namedList(pool, 'Pools of agents.', { minItems: 1, maxItems: 1000 }),
    windows,
    freezes,
    connections: namedList(connection, 'Routes available to clients.', { default: [], maxItems: 10_000 }),
    ingressTls: Type.Optional(ingressTls),
    limits: clientLimits,
    identity: optionalGroup('Certificates of agents.', {
      certificateLifetime: quantity(
        'duration',
        'How long a certificate is valid; agents renew it after two thirds of that time.',
        {
          default: '24h',
          min: '1m',
          max: '90d',
        },
      ),
      renewalGrace: quantity(
        'duration',
        'How long after its expiry a certificate can still be renewed by the host that has its key, so that a host that was off needs no new token. It is good for nothing else. 0s disables it.',
        { default: '7d', min: '0s', max: '30d' },
      ),
    }),
    dial: optionalGroup('Attempts to open one client connection through the agents.', {
      attemptTimeout: quantity('duration', 'Time limit for one agent to reach the target.', {
        default: '5s',
        min: '10ms',
        max: '5m',
      }),
      totalTimeout: quantity('duration', 'Time limit for all attempts combined.', {
        default: '10s',
        min: '10ms',
        max: '10m',
      }),
      maxAttempts: integer(
        'Maximum number of opens to try. One that is lost with its session does not count.',
        { default: 3, minimum: 1, maximum: 20 },
      ),
    }),
    ejection: optionalGroup(
      'Temporary ejection of agents whose opens keep failing. Each replica counts its own opens and ejects for itself.',
      {
        consecutiveFailures: integer('Number of consecutive failed opens before an agent is ejected.', {
          default: 5,
          minimum: 1,
          maximum: 1000,
        }),
        baseDuration: quantity('duration', 'Duration of the first ejection; doubles with each further one.', {
          default: '10s',
          min: '100ms',
          max: '1h',
        }),
        maxPercent: integer(
          "Maximum share of a pool's agents, in percent, that may be ejected at the same time; never all of them.",
          {
            default: 50,
            minimum: 0,
            maximum: 100,
          },
        ),
      },
    ),
    tunnel: optionalGroup('Sessions of agents; the defaults suit nearly every installation.', {
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
      handshakeTimeout: quantity(
        'duration',
        'Time limit for the TLS handshake, and again for the control stream to be opened.',
        {
          default: '10s',
          min: '100ms',
          max: '5m',
        },
      ),
      halfClosedTimeout: quantity(
        'duration',
        'Idle time after which a half-closed client connection is closed.',
        { default: '10m', min: '1s', max: '7d' },
      ),
      sessionsPerAgent: integer(
        'Maximum number of concurrent sessions of one agent, at all replicas together. An agent uses what it gets.',
        {
          default: 32,
          minimum: 1,
          maximum: 1000,
        },
      ),
      sessionsPerAddress: integer(
        'Maximum number of concurrent sessions from one source address, at each replica.',
        {
          default: 2000,
          minimum: 1,
          maximum: 1_000_000,
        },
      ),
      acceptRate: integer(
        'Maximum number of sessions accepted per second, at each replica; agents that exceed it are asked to retry later.',
        {
          default: 500,
          minimum: 1,
          maximum: 1_000_000,
        },
      ),
      memoryBudget: quantity('size', 'Total size of the receive windows of all sessions of each replica.', {
        default: '1GiB',
        min: '16MiB',
        max: '1024GiB',
      }),
      proxyProtocol: Type.Optional(proxyProtocol),
    }),
    resume: optionalGroup(
      'Client connections that outlive the session to their agent: they continue over another session, without loss.',
      {
        for: quantity(
          'duration',
          'How long a client stays connected while its agent has no session; 0s resets it with its session. The agent bounds it by `policy.resume`.',
          { default: '60s', min: '0s', max: '1h' },
        ),
        reconnectTimeout: quantity(
          'duration',
          'How long a client stays connected if the sessions of its agent were closed rather than silent, as they are when the agent is killed. An agent whose network or proxy failed reconnects in this time.',
          { default: '5s', min: '0s', max: '1h' },
        ),
      },
    ),
    drain: gatewayDrain,
    health: optionalGroup('Thresholds for the health of agents, connections and the gateway certificate.', {
      heartbeatInterval: quantity('duration', "Interval between an agent's heartbeats.", {
        default: '15s',
        min: '100ms',
        max: '1h',
      }),
      staleAfter: quantity('duration', 'Time without a heartbeat after which an agent is stale.', {
        default: '60s',
        min: '200ms',
        max: '7d',
      }),
      maxClockSkew: quantity(
        'duration',
        "Maximum acceptable difference between an agent's clock and the gateway's.",
        {
          default: '30s',
          min: '100ms',
          max: '1d',
        },
      ),
      certificateExpiryWarning: quantity(
        'duration',
        'How long before the gateway certificate expires a warning is raised.',
        { default: '7d', min: '1m', max: '365d' },
      ),
      failingOpensPercent: integer(
        'Percentage of the opens of a connection that must fail for `connection-failing`. It is over below half of it.',
        { default: 50, minimum: 1, maximum: 100 },
      ),
      failingOpensMinimum: integer(
        'Opens of a connection, at all replicas together, that must fail for `connection-failing`.',
        {
          default: 3,
          minimum: 1,
          maximum: 1_000_000,
        },
      ),
      failingOpensWindow: quantity('duration', 'Period over which the opens of a connection are counted.', {
        default: '5m',
        min: '10s',
        max: '1d',
      }),
    }),
    alerts: list(
      group('A condition and the receivers that are notified of it.', {
        condition: word(alertConditions, 'The condition.'),
        for: quantity('duration', 'How long the condition must persist before the alert fires.', {
          default: '0s',
          min: '0s',
          max: '7d',
        }),
        receivers: list(text('name', 'Name of a `receivers` entry.'), 'Receivers to notify.', {
          minItems: 1,
          maxItems: 100,
          uniqueItems: true,
        }),
      }),
      'Conditions that notify receivers.',
      { default: [], maxItems: 1000 },
    ),
    receivers: namedList(
      group('A receiver of alerts.', {
        name: text('name', 'Name that alerts use; unique in this file.'),
        webhook: text(
          'webhook',
          'URL that notifications are posted to, as a reference: `${env:OPS_WEBHOOK_URL}`.',
        ),
        format: word(
          ['json', 'slack'],
          'Format of the notification: `json` for programs, `slack` for incoming webhooks of Slack, Mattermost, and compatible services.',
          { default: 'json' },
        ),
        secret: Type.Optional(
          text('secret', 'Key that signs each notification, as a reference: `${env:OPS_WEBHOOK_SECRET}`.'),
        ),
        groupWait: quantity(
          'duration',
          'How long to collect alerts into one notification, starting with the first of them.',
          { default: '10s', min: '0s', max: '1h' },
        ),
      }),
      'Receivers of alerts.',
      { default: [], maxItems: 100 },
    ),
    connectionLog,
    log: optionalGroup('The log on standard output.', {
      level: word(logLevels, 'Lowest severity that is logged.', { default: 'info' }),
    }),
  },
);

export type GatewayFile = Static<typeof GatewayFile>;
