import { type MessageStream, type OwnerMessage, type OwnerMessageOf, peerLimits } from '@penstock/cluster';

/** Opens of one agent. */
export type CountedOpens = OwnerMessageOf<'agent-opens'>['items'][number];

/** Where the opens of this gateway can be observed. */
export type FollowedOpens = {
  /** Calls `listener` for each open, with the class of its duration, until the returned function is called. */
  observe(listener: (agent: string, outcome: { readonly bucket: number } | 'failed') => void): () => void;
};

type Gathered = { opened: number; failed: number; readonly durations: number[] };

/**
 * Sends a peer the counts of opens by agent while the peer wants them: one replica judges the agents of a rollout for all. What a peer
 * that reads too slowly cannot be sent soon is dropped: it would count for the version that an agent runs by then.
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
    if (this.#messages.isLagging) this.#gathered.clear();
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
