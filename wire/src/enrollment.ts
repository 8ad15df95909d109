import { type Static, Type } from '@penstock/json-schema';

/** Names of agents, pools, connectors and connections. */
export const NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$';

const Name = Type.String({ pattern: NAME_PATTERN });
const Pem = Type.String({ minLength: 1, maxLength: 16_384 });

/** Body of POST /v1/enroll. The same key may enroll again with the same token: the answer is then a fresh certificate. */
export const EnrollRequest = Type.Object(
  { token: Type.String({ minLength: 1, maxLength: 256 }), name: Name, pool: Name, csr: Pem },
  { additionalProperties: true },
);
export type EnrollRequest = Static<typeof EnrollRequest>;

/** Body of POST /v1/enroll/check, which says whether an enrollment with this token would be admitted. It takes no use. */
export const EnrollCheck = Type.Object(
  { token: Type.String({ minLength: 1, maxLength: 256 }), name: Name, pool: Name },
  { additionalProperties: true },
);
export type EnrollCheck = Static<typeof EnrollCheck>;

/** Answer to it. A token that would be refused is a problem document with the same code as the enrollment's. */
export const TokenFacts = Type.Object(
  {
    usesLeft: Type.Integer({ minimum: 1 }),
    /** RFC 3339. */
    expiresAt: Type.String({ minLength: 1, maxLength: 40 }),
  },
  { additionalProperties: true },
);
export type TokenFacts = Static<typeof TokenFacts>;

/** Body of POST /v1/renew. The client certificate says who asks. */
export const RenewRequest = Type.Object({ csr: Pem }, { additionalProperties: true });
export type RenewRequest = Static<typeof RenewRequest>;

/** Answer to both. */
export const IssuedIdentity = Type.Object(
  {
    agentId: Type.String({ minLength: 1, maxLength: 64 }),
    /** The certificate, then the CA that signed it, as PEM. */
    certificateChain: Type.String({ minLength: 1, maxLength: 32_768 }),
    /** RFC 3339. */
    notAfter: Type.String({ minLength: 1, maxLength: 40 }),
  },
  { additionalProperties: true },
);
export type IssuedIdentity = Static<typeof IssuedIdentity>;
