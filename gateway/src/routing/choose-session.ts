/** What choosing needs to know of a session. */
export type Candidate = {
  readonly identity: { readonly agentId: string };
  readonly takesOpens: boolean;
  readonly load: number;
  offers(connector: string): boolean;
};

export type Choice = {
  readonly connector: string;
  /** Agents that already had their try. */
  readonly tried: ReadonlySet<string>;
  readonly isEjected: (agentId: string) => boolean;
};

/**
 * The least loaded session that may take the open, preferring agents that are not ejected. Sessions of equal load
 * take turns as the pool's order brings them. Undefined when there is none.
 */
export function chooseSession<Session extends Candidate>(
  sessions: Iterable<Session>,
  { connector, tried, isEjected }: Choice,
): Session | undefined {
  let best: Session | undefined;
  let spare: Session | undefined;
  for (const session of sessions) {
    const { agentId } = session.identity;
    if (!session.takesOpens || tried.has(agentId) || !session.offers(connector)) continue;
    if (isEjected(agentId)) {
      if (spare === undefined || session.load < spare.load) spare = session;
    } else if (best === undefined || session.load < best.load) {
      best = session;
    }
  }
  return best ?? spare;
}
