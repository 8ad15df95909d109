import { type MessageStream, type OwnerMessage, type OwnerMessageOf, peerLimits } from '@penstock/cluster';

/** Opens of one agent. */
export type CountedOpens = OwnerMessageOf<'agent-opens'>['items'][number];

/** How opens through agents went: failed, or successful after a time of this class. */
export type FollowedOpens = {
  /** Calls `listener` for each open of this gateway, until the returned function is called. */
  observe(listener: (agent: string, outcome: { readonly bucket: number } | 'failed') => void): () => void;
};

type Gathered = { opened: number; failed: number; readonly durations: number[] };

/**
 * Tells a peer now and then how opens through each agent went, while the peer wants to know: one replica judges the agents of a
 * rollout for all. While the peer does not read, opens are gathered.
 */
export class AgentOpensForwarder {
  readonly #messages: Pick<MessageStream<OwnerMessage>, 'send' | 'isLagging'>;
  readonly #opens: FollowedOpens;
  readonly #gathered = new Map<string, Gathered>();
  #stop: (() => void) | undefined;

  constructor(messages: Pick<MessageStream<OwnerMessage>, 'send' | 'isLagging'>, opens: FollowedOpens) {
    this.#messages = messages;
    this.#opens = opens;
  }

  set(isWanted: boolean): void {
    this.#stop?.();
    this.#gathered.clear();
    this.#stop = isWanted
      ? this.#opens.observe((agent, outcome) => {
          const counts = this.#countsOf(agent);
          if (counts === undefined) return;
          if (outcome === 'failed') {
            counts.failed += 1;
            return;
          }
          counts.opened += 1;
          counts.durations[outcome.bucket] = (counts.durations[outcome.bucket] ?? 0) + 1;
        })
      : undefined;
  }

  /** Sends what was gathered. To be called every few seconds. */
  publish(): void {
    while (this.#gathered.size > 0 && !this.#messages.isLagging) {
      const items: CountedOpens[] = [];
      for (const [agent, { opened, failed, durations }] of this.#gathered) {
        if (items.length === peerLimits.agentOpens) break;
        this.#gathered.delete(agent);
        items.push({ agent, opened, failed, durations: Array.from(durations, (count) => count ?? 0) });
      }
      this.#messages.send({ type: 'agent-opens', items });
    }
  }

  #countsOf(agent: string): Gathered | undefined {
    let counts = this.#gathered.get(agent);
    if (counts === undefined && this.#gathered.size < peerLimits.openedAgents) {
      counts = { opened: 0, failed: 0, durations: [] };
      this.#gathered.set(agent, counts);
    }
    return counts;
  }
}
