import { type Static, Type } from '@penstock/json-schema';
import { MAX_TTL_SECONDS, sourceRanges } from './credential-limits.ts';
import { labelPattern, Name, Timestamp } from './field.ts';
import { pageOf } from './page.ts';

export const NewGrant = Type.Object(
  {
    name: Type.Optional(Type.String({ pattern: labelPattern(63), description: 'A label for people.' })),
    connections: Type.Array(Name, { minItems: 1, maxItems: 100 }),
    ttlSeconds: Type.Integer({ minimum: 1, maximum: MAX_TTL_SECONDS, default: 8 * 3600 }),
    sources: sourceRanges(
      'CIDR ranges that clients must connect from, in addition to the restrictions of the ingress. If omitted, any address is allowed.',
    ),
    maxConnections: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'Maximum concurrent client connections.' }),
    ),
  },
  { additionalProperties: false },
);

export const GrantResource = Type.Object({
  id: Type.String(),
  name: Type.String(),
  state: Type.Enum(['usable', 'expired', 'revoked']),
  connections: Type.Array(Type.String()),
  sources: Type.Optional(Type.Array(Type.String())),
  maxConnections: Type.Optional(Type.Integer()),
  inUse: Type.Integer({ description: 'Client connections that currently use the grant.' }),
  createdAt: Timestamp,
  createdBy: Type.String(),
  expiresAt: Timestamp,
  revokedAt: Type.Optional(Timestamp),
});
export type GrantResource = Static<typeof GrantResource>;

export const CreatedGrant = Type.Intersect([
  Type.Object({ grant: Type.String({ description: 'The secret. It is shown only once.' }) }),
  GrantResource,
]);

export const GrantPage = pageOf(GrantResource);
