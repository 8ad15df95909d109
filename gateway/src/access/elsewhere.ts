/** A PostgreSQL CancelRequest that may be for a client of another replica. */
export type ForwardedCancel = {
  /** Host and port of its ingress in the configuration. */
  readonly port: string;
  readonly request: Buffer;
  /** The address that sent it. */
  readonly address: string;
  readonly clientPort: number;
};

/** The clients of the other replicas. */
export type Elsewhere = {
  /** Clients that count toward a limit for all replicas together, as of about a second ago. */
  clientsOf(connection: string): number;
  usesOf(grant: string): number;
  /** Whether every replica that is alive can be reached. */
  readonly isWhole: boolean;
  /** Asks all replicas to cancel a query, and resolves to whether one of them had a client for it. Never rejects. */
  cancel(cancel: ForwardedCancel, signal: AbortSignal): Promise<boolean>;
};

/** The clients elsewhere, once it is known where. A gateway without others has none. */
export class OtherReplicas implements Elsewhere {
  #source: Elsewhere | undefined;

  /** Asks `source` from now on. */
  follow(source: Elsewhere | undefined): void {
    this.#source = source;
  }

  get isWhole(): boolean {
    return this.#source?.isWhole ?? true;
  }

  clientsOf(connection: string): number {
    return this.#source?.clientsOf(connection) ?? 0;
  }

  usesOf(grant: string): number {
    return this.#source?.usesOf(grant) ?? 0;
  }

  cancel(cancel: ForwardedCancel, signal: AbortSignal): Promise<boolean> {
    return this.#source?.cancel(cancel, signal) ?? Promise.resolve(false);
  }
}
