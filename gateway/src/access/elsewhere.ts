/** What the other replicas count of a limit that holds for all of them together. */
export type Elsewhere = {
  clientsOf(connection: string): number;
  usesOf(grant: string): number;
};

/** The counts of the other replicas, as of about a second ago. A gateway without others counts nothing. */
export class ElsewhereCounts implements Elsewhere {
  #source: Elsewhere | undefined;

  /** Counts with `source` from now on. */
  follow(source: Elsewhere | undefined): void {
    this.#source = source;
  }

  clientsOf(connection: string): number {
    return this.#source?.clientsOf(connection) ?? 0;
  }

  usesOf(grant: string): number {
    return this.#source?.usesOf(grant) ?? 0;
  }
}
