import { type Static, Type } from '@penstock/json-schema';
import { MAX_TTL_SECONDS } from './credential-limits.ts';
import { labelPattern, Timestamp } from './field.ts';
import { listOf } from './page.ts';

/** From the least privileged to the most; each role includes those before it. */
export const adminRoles = ['viewer', 'operator', 'admin'] as const;
export type AdminRole = (typeof adminRoles)[number];

const Role = Type.Enum([...adminRoles]);

export const NewAdminToken = Type.Object(
  {
    name: Type.String({
      pattern: labelPattern(64),
      description: 'Owner or purpose of the token. Not necessarily unique.',
    }),
    role: Role,
    ttlSeconds: Type.Optional(
      Type.Integer({
        minimum: 60,
        maximum: MAX_TTL_SECONDS,
        description: 'Until it expires. Without it, the token is valid until it is revoked.',
      }),
    ),
  },
  { additionalProperties: false },
);

export const AdminTokenResource = Type.Object({
  id: Type.String(),
  name: Type.String(),
  role: Role,
  createdAt: Timestamp,
  expiresAt: Type.Optional(Timestamp),
  usedAt: Type.Optional(
    Type.String({ format: 'date-time', description: 'Last use, to a minute. Absent if it was never used.' }),
  ),
  revokedAt: Type.Optional(Timestamp),
});
export type AdminTokenResource = Static<typeof AdminTokenResource>;

export const CreatedAdminToken = Type.Intersect([
  Type.Object({ token: Type.String({ description: 'The secret. It is shown only once.' }) }),
  AdminTokenResource,
]);

export const AdminTokenList = listOf(AdminTokenResource);
