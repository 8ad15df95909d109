import { type Static, Type } from '@penstock/json-schema';
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
  },
  { additionalProperties: false },
);

export const AdminTokenResource = Type.Object({
  id: Type.String(),
  name: Type.String(),
  role: Role,
  createdAt: Timestamp,
  revokedAt: Type.Optional(Timestamp),
});
export type AdminTokenResource = Static<typeof AdminTokenResource>;

export const CreatedAdminToken = Type.Intersect([
  Type.Object({ token: Type.String({ description: 'The secret. It is shown only once.' }) }),
  AdminTokenResource,
]);

export const AdminTokenList = listOf(AdminTokenResource);
