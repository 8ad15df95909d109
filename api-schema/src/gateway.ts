import { type Static, Type } from '@penstock/json-schema';
import { Timestamp } from './field.ts';

/** The gateway that answers, and what its pages need to know. */
export const GatewayResource = Type.Object({
  organization: Type.String(),
  version: Type.String({ description: 'Software version.' }),
  config: Type.Object({ version: Type.Integer(), digest: Type.String() }),
  time: Type.String({ format: 'date-time', description: "The gateway's clock." }),
  startedAt: Timestamp,
  ready: Type.Boolean(),
  reasons: Type.Array(Type.String(), { description: 'Why it is not ready, or what else is wrong.' }),
  store: Type.Object({
    kind: Type.Enum(['embedded', 'postgresql']),
    outage: Type.Optional(Type.Object({ kind: Type.String(), since: Timestamp, message: Type.String() })),
  }),
  tunnel: Type.Object(
    {
      address: Type.String(),
      port: Type.Integer(),
      host: Type.Optional(
        Type.String({
          description: 'The first name or address in the certificate that other hosts can reach.',
        }),
      ),
      pins: Type.Array(Type.String(), {
        description: 'Certificate pins for agent.yaml, the one in use first.',
      }),
      certificateNotAfter: Timestamp,
    },
    { description: 'Where agents connect.' },
  ),
  console: Type.Object({
    url: Type.Optional(Type.String({ description: '`console.url` of gateway.yaml.' })),
    tls: Type.Boolean({ description: 'Whether the admin address uses TLS.' }),
  }),
  health: Type.Object(
    {
      heartbeatIntervalMs: Type.Integer(),
      staleAfterMs: Type.Integer(),
      maxClockSkewMs: Type.Integer(),
      certificateExpiryWarningMs: Type.Integer(),
      certificateLifetimeMs: Type.Integer(),
      failingOpensPercent: Type.Integer(),
      failingOpensMinimum: Type.Integer(),
      failingOpensWindowMs: Type.Integer(),
    },
    { description: 'The limits by which states are judged.' },
  ),
});
export type GatewayResource = Static<typeof GatewayResource>;
