import { type Static, Type } from '@penstock/json-schema';
import { MAX_TOKEN_USES, MAX_TTL_SECONDS, NAME_GLOB_PATTERN, sourceRanges } from './credential-limits.ts';
import { Name, Timestamp } from './field.ts';
import { pageOf } from './page.ts';

export const NewEnrollmentToken = Type.Object(
  {
    pool: Name,
    uses: Type.Integer({
      minimum: 1,
      maximum: MAX_TOKEN_USES,
      default: 1,
      description: 'Number of agents that the token can enroll.',
    }),
    ttlSeconds: Type.Integer({ minimum: 1, maximum: MAX_TTL_SECONDS, default: 3600 }),
    namePattern: Type.Optional(
      Type.String({
        pattern: NAME_GLOB_PATTERN,
        description: 'Glob that agent names must match, such as `orders-*`.',
      }),
    ),
    sources: sourceRanges('CIDR ranges that agents must connect from. If omitted, any address is allowed.'),
  },
  { additionalProperties: false },
);

export const EnrollmentTokenResource = Type.Object({
  id: Type.String(),
  state: Type.Enum(['usable', 'exhausted', 'expired', 'revoked']),
  pool: Type.String(),
  uses: Type.Integer(),
  usesLeft: Type.Integer(),
  namePattern: Type.Optional(Type.String()),
  sources: Type.Optional(Type.Array(Type.String())),
  createdAt: Timestamp,
  createdBy: Type.String(),
  expiresAt: Timestamp,
  revokedAt: Type.Optional(Timestamp),
});
export type EnrollmentTokenResource = Static<typeof EnrollmentTokenResource>;

export const CreatedEnrollmentToken = Type.Intersect([
  Type.Object({ token: Type.String({ description: 'The secret. It is shown only once.' }) }),
  EnrollmentTokenResource,
]);

export const EnrollmentTokenPage = pageOf(EnrollmentTokenResource);
