import { type Static, Type } from '@penstock/json-schema';
import { MAX_TOKEN_USES, MAX_TTL_SECONDS, NAME_GLOB_PATTERN, sourceRanges } from './credential-limits.ts';
import { Name, Timestamp } from './field.ts';
import { listOf, pageOf } from './page.ts';

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

/** An enrollment that was refused, and how often. */
export const EnrollmentRefusal = Type.Object({
  tokenId: Type.Optional(
    Type.String({
      description: 'ID in the token that was shown. With `TOKEN_UNKNOWN`, its secret may be wrong.',
    }),
  ),
  name: Type.Optional(Type.String({ description: 'Name that the agent asked for.' })),
  pool: Type.Optional(Type.String()),
  address: Type.String(),
  code: Type.String({ description: 'Problem code of the tunnel port; docs/errors.md.' }),
  message: Type.String({ description: 'Why, for people.' }),
  advice: Type.String(),
  count: Type.Integer(),
  firstAt: Timestamp,
  lastAt: Timestamp,
});
export type EnrollmentRefusal = Static<typeof EnrollmentRefusal>;

export const EnrollmentRefusalList = listOf(EnrollmentRefusal);

/** An enrollment token, who used it, and who could not. */
export const EnrollmentTokenDetail = Type.Object({
  ...EnrollmentTokenResource.properties,
  agents: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      enrolledAt: Timestamp,
      address: Type.String(),
      revokedAt: Type.Optional(Timestamp),
    }),
    { description: 'Agents that enrolled with it, the newest first; at most 100.' },
  ),
  refusals: Type.Array(EnrollmentRefusal, {
    description: 'Enrollments refused since the gateway started, the newest first.',
  }),
});
export type EnrollmentTokenDetail = Static<typeof EnrollmentTokenDetail>;
