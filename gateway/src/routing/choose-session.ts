/** What choosing needs to know of a session. */
export type Candidate = {
  readonly identity: { readonly agentId: string };
  readonly takesOpens: boolean;
  readonly load: number;
  /** `address`: host:port of the connector's target or of one it may redirect to; any when left out. */
  offers(connector: string, address?: string): boolean;
};

export type Choice = {
  readonly connector: string;
  /** The one of the connector's addresses that is wanted; its first when left out. */
  readonly address?: string | undefined;
  /** Whether this agent may be asked. */
  readonly isWanted: (agentId: string) => boolean;
  /** From 0 up to, but not including, 1: chance decides among sessions of equal load. */
  readonly random: () => number;
};

/** The least loaded session of a wanted agent that may take the open. Undefined when there is none. */
export function chooseSession<Session extends Candidate>(
  sessions: Iterable<Session>,
  { connector, address, isWanted, random }: Choice,
): Session | undefined {
  let best: Session | undefined;
  let alike = 0;
  for (const session of sessions) {
    if (best !== undefined && session.load > best.load) continue;
    if (!session.takesOpens || !session.offers(connector, address) || !isWanted(session.identity.agentId))
      continue;
    alike = best !== undefined && session.load === best.load ? alike + 1 : 1;
    // Each of so many alike is kept with the same chance, without knowing beforehand how many there are.
    if (alike === 1 || random() * alike < 1) best = session;
  }
  return best;
}
