/** What a grant permits, as the data plane enforces it. It contains no secret. */
export type GrantTerms = {
  readonly id: string;
  /** `hashOfGrant` of its secret. */
  readonly hash: string;
  readonly connections: readonly string[];
  /** CIDR ranges. Undefined: anywhere. */
  readonly sources: readonly string[] | undefined;
  readonly maxConnections: number | undefined;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
};

/** The grants that the data plane accepts from clients. It drops them by itself when they expire. */
export type ActiveGrants = {
  readonly size: number;
  add(grants: Iterable<GrantTerms>): void;
  /** Closes the client connections that use the grant. Unknown ids are ignored. */
  revoke(id: string): void;
  /** Client connections that currently use a grant. */
  usesOf(id: string): number;
};
