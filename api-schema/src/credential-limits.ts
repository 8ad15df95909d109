import { Type } from '@penstock/json-schema';

/** Maximum lifetime of an enrollment token or a grant, in seconds: one year. */
export const MAX_TTL_SECONDS = 365 * 24 * 60 * 60;
/** Maximum number of agents that one enrollment token can enroll. */
export const MAX_TOKEN_USES = 10_000;
/** A glob over agent names: `*` matches any characters, `?` matches one. */
export const NAME_GLOB_PATTERN = '^[A-Za-z0-9._*?-]{1,63}$';

/** CIDR ranges; the route checks more of each of them than a pattern can. */
export const sourceRanges = (description: string) =>
  Type.Optional(
    Type.Array(Type.String({ pattern: '^[0-9A-Fa-f:.]+(/[0-9]{1,3})?$', maxLength: 64 }), {
      maxItems: 64,
      description,
    }),
  );
