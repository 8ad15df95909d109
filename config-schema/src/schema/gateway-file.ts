import Type, { type Static } from 'typebox';
import { connectorKinds, logLevels } from '../agent-config.ts';
import { alertConditions, approvableActions } from '../gateway-config.ts';
import { constant, group, integer, list, namedList, optionalGroup, quantity, text, word } from './field.ts';
import { clientLimits, ingress, ingressTls } from './ingress-fields.ts';
import { apiVersion, drain, fileVersion } from './shared-fields.ts';

const pool = group('Agents that stand in for each other.', {
  name: text('name', 'Name that agents and connections use; unique in this file.'),
  pinning: word(
    ['enforce', 'warn', 'off'],
    'What happens to an agent whose configuration is not the pinned one: `enforce` quarantines it, `warn` shows it, `off` only reports.',
    { default: 'off' },
  ),
  minReady: integer('Agents that must be ready for the pool to count as healthy.', {
    default: 1,
    minimum: 0,
    maximum: 10_000,
  }),
  queue: optionalGroup('Clients that wait while no agent of the pool is there.', {
    limit: integer('Clients waiting at once; 0 lets none wait.', {
      default: 64,
      minimum: 0,
      maximum: 100_000,
    }),
    timeout: quantity('duration', 'How long each waits.', { default: '5s', min: '0s', max: '10m' }),
  }),
  requireApproval: list(
    word(approvableActions, 'An action.'),
    'What waits for the approval of an admin when an operator asks for it of this pool or its agents. Left out: nothing does.',
    { default: [], maxItems: approvableActions.length, uniqueItems: true },
  ),
});

const connection = group('One route from clients to a connector.', {
  name: text('name', 'Name of the route; unique in this file.'),
  connector: text('name', "Name of the connector in the agents' files."),
  kind: Type.Optional(
    word(
      connectorKinds,
      "What speaks at the connector's address, as the agents' files say. Lets `validate` refuse ways in that this protocol cannot take.",
    ),
  ),
  pools: list(text('name', 'Name of a pool of this file.'), 'Acceptable pools, in order of preference.', {
    minItems: 1,
    maxItems: 100,
    uniqueItems: true,
  }),
  maxConnections: integer('Client connections at once.', { default: 500, minimum: 1, maximum: 1_000_000 }),
  ingress: list(ingress, 'Ways in for clients.', { minItems: 1, maxItems: 100 }),
});

/** gateway.yaml, references resolved and defaults filled in. */
export const GatewayFile = group(
  'Configuration of a Penstock gateway: who may come in, and which way it goes.',
  {
    apiVersion,
    kind: constant('Gateway', 'Which program reads this file: `Gateway` is penstock-gateway.'),
    version: fileVersion,
    organization: text('name', 'Organization whose agents enroll here; part of their certificates.'),
    listen: optionalGroup('Addresses this gateway listens on, apart from ingress.', {
      tunnel: text('listen', 'Where agents connect. Port 0 lets the system choose.', {
        default: '0.0.0.0:8443',
      }),
      admin: text('listen', 'API, health and metrics. Port 0 lets the system choose.', {
        default: '127.0.0.1:8080',
      }),
    }),
    dataDirectory: text(
      'path',
      'Folder for the agent CA, the embedded store and a server certificate made by `init`.',
      {
        default: '/var/lib/penstock-gateway',
      },
    ),
    tunnelTls: Type.Optional(
      group('Server certificate of the tunnel port. Left out: the one `init` made in the data directory.', {
        certificate: text(
          'certificate',
          'Certificate chain as PEM, the own first: `${file:/etc/penstock/tls.crt}`.',
        ),
        key: text('privateKey', 'Its private key as PEM, by reference: `${file:/etc/penstock/tls.key}`.'),
      }),
    ),
    adminTls: Type.Optional(
      group('Certificate of the admin address, which speaks TLS then. Left out: plain HTTP.', {
        certificate: text(
          'certificate',
          'Certificate chain as PEM, the own first: `${file:/etc/penstock/admin.crt}`.',
        ),
        key: text('privateKey', 'Its private key as PEM, by reference: `${file:/etc/penstock/admin.key}`.'),
      }),
    ),
    store: text('store', '`embedded` keeps state in the data directory, the only store of this release.', {
      default: 'embedded',
    }),
    pools: namedList(pool, 'Pools of agents.', { minItems: 1, maxItems: 1000 }),
    connections: namedList(connection, 'Routes that clients may take.', { default: [], maxItems: 10_000 }),
    ingressTls: Type.Optional(ingressTls),
    limits: clientLimits,
    identity: optionalGroup("Agents' certificates.", {
      certificateLifetime: quantity(
        'duration',
        'How long a certificate is valid; agents renew at two thirds.',
        {
          default: '24h',
          min: '1m',
          max: '90d',
        },
      ),
    }),
    dial: optionalGroup('Trying agents for one client connection.', {
      attemptTimeout: quantity('duration', 'Time for one agent to reach the target.', {
        default: '5s',
        min: '10ms',
        max: '5m',
      }),
      totalTimeout: quantity('duration', 'Time for all attempts together.', {
        default: '10s',
        min: '10ms',
        max: '10m',
      }),
      maxAttempts: integer('Agents tried at most.', { default: 3, minimum: 1, maximum: 20 }),
    }),
    ejection: optionalGroup('Passing over an agent whose opens keep failing.', {
      consecutiveFailures: integer('Failed opens in a row before an agent is passed over.', {
        default: 5,
        minimum: 1,
        maximum: 1000,
      }),
      baseDuration: quantity('duration', 'First time out; doubles with every further one.', {
        default: '10s',
        min: '100ms',
        max: '1h',
      }),
      maxPercent: integer("Share of a pool's agents passed over at once; never all of them.", {
        default: 50,
        minimum: 0,
        maximum: 100,
      }),
    }),
    tunnel: optionalGroup('Sessions of agents; the defaults suit nearly everyone.', {
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
      handshakeTimeout: quantity('duration', 'Time for TLS, and again for the control stream to come.', {
        default: '10s',
        min: '100ms',
        max: '5m',
      }),
      halfClosedTimeout: quantity(
        'duration',
        'Silence allowed to a client connection of which one side has ended.',
        { default: '10m', min: '1s', max: '7d' },
      ),
      sessionsPerAgent: integer('Sessions of one agent at once.', { default: 8, minimum: 1, maximum: 1000 }),
      sessionsPerAddress: integer('Sessions from one source address at once.', {
        default: 2000,
        minimum: 1,
        maximum: 1_000_000,
      }),
      acceptRate: integer('Sessions accepted a second; beyond it agents are asked to come back later.', {
        default: 500,
        minimum: 1,
        maximum: 1_000_000,
      }),
      memoryBudget: quantity('size', 'Receive windows that all sessions together may promise.', {
        default: '1GiB',
        min: '16MiB',
        max: '1024GiB',
      }),
    }),
    drain,
    health: optionalGroup('When an agent counts as unwell.', {
      heartbeatInterval: quantity('duration', 'Time between two heartbeats of an agent.', {
        default: '15s',
        min: '100ms',
        max: '1h',
      }),
      staleAfter: quantity('duration', 'Silence after which an agent is stale.', {
        default: '60s',
        min: '200ms',
        max: '7d',
      }),
      maxClockSkew: quantity('duration', "Difference to the gateway's clock that is still well.", {
        default: '30s',
        min: '100ms',
        max: '1d',
      }),
      certificateExpiryWarning: quantity(
        'duration',
        "Rest of the gateway certificate's life that raises a warning.",
        { default: '7d', min: '1m', max: '365d' },
      ),
    }),
    alerts: list(
      group('One condition and who hears of it.', {
        condition: word(alertConditions, 'The condition.'),
        for: quantity('duration', 'How long it must hold first.', { default: '0s', min: '0s', max: '7d' }),
        receivers: list(text('name', 'Name of a `receivers` entry.'), 'Who hears of it.', {
          minItems: 1,
          maxItems: 100,
          uniqueItems: true,
        }),
      }),
      'Conditions that notify someone.',
      { default: [], maxItems: 1000 },
    ),
    receivers: namedList(
      group('One receiver of alerts.', {
        name: text('name', 'Name that alerts use; unique in this file.'),
        webhook: text('webhook', 'URL that is posted to, by reference: `${env:OPS_WEBHOOK_URL}`.'),
        format: word(
          ['json', 'slack'],
          'What is posted: `json` for programs, `slack` for incoming webhooks of Slack, Mattermost and the like.',
          { default: 'json' },
        ),
        secret: Type.Optional(
          text('secret', 'Key that signs each message, by reference: `${env:OPS_WEBHOOK_SECRET}`.'),
        ),
        groupWait: quantity(
          'duration',
          'How long news are gathered into one message, counted from the first of them.',
          { default: '10s', min: '0s', max: '1h' },
        ),
      }),
      'Receivers of alerts.',
      { default: [], maxItems: 100 },
    ),
    log: optionalGroup('The log on standard output.', {
      level: word(logLevels, 'Least severe level that is logged.', { default: 'info' }),
    }),
  },
);

export type GatewayFile = Static<typeof GatewayFile>;
