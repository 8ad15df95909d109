/** One gateway process of a cluster, as it enters itself in the store. */
export type Replica = {
  /** Unique in the cluster, and the same after a restart. */
  readonly id: string;
  /** New at each start. */
  readonly epoch: string;
  /** Host and port at which the other replicas reach this one. */
  readonly address: string;
  /** Hexadecimal SHA-256 of the public key that it presents to the other replicas. */
  readonly spki: string;
  readonly version: string;
  readonly configDigest: string;
  readonly state: ReplicaState;
};

export type ReplicaState = 'running' | 'draining';

/** A replica as the store has it; without a slot if it is of a version that has none. Times are milliseconds since 1970 by the clock of the database. */
export type ReplicaRow = Replica & {
  /** The residue class, modulo 128, of the ids that it gives to connections. */
  readonly idSlot: number | null;
  readonly startedAt: number;
  readonly expiresAt: number;
};

/** A lease by the clock of the database, in milliseconds since 1970. */
export type LeaseTimes = { readonly now: number; readonly expiresAt: number };

type Life = Pick<Replica, 'id' | 'epoch'>;

/** The table of replicas. All methods reject when the store does not answer; times to live are milliseconds. */
export type ReplicaStore = {
  /** Enters a replica. An earlier life with the same id loses its row. Keeps its slot if no other replica has it. */
  join(
    replica: Replica & { readonly idSlot?: number },
    ttl: number,
  ): Promise<LeaseTimes & { readonly idSlot: number }>;
  /** Extends the lease, even after it expired. Resolves to undefined if the row is gone or belongs to another life. */
  renew(self: Life, ttl: number): Promise<LeaseTimes | undefined>;
  /** Resolves to false if the row is gone or belongs to another life. */
  update(
    self: Life,
    set: { readonly state?: ReplicaState; readonly configDigest?: string },
  ): Promise<boolean>;
  /** Removes a replica that stops. Resolves to false if the row is gone or belongs to another life. */
  leave(self: Life): Promise<boolean>;
  /** All replicas, expired ones too, each with the `now` of the database. */
  list(): Promise<readonly (ReplicaRow & { readonly now: number })[]>;
};
