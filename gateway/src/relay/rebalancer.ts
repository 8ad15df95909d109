import { BALANCED, type RebalanceState, rebalance } from '@penstock/cluster';
import type { Clock } from '@penstock/runtime';
import type { Registry } from '../tunnel/registry.ts';
import type { RegisteredSession } from '../tunnel/session-registry.ts';

/** Another replica that runs and does not drain, with the sessions that end at it. */
export type SpreadReplica = { readonly name: string; readonly sessions: number };

export type RebalancerOptions = {
  readonly registry: Pick<Registry, 'localSessions' | 'sessions'>;
  /** Undefined while nothing should be sent away: this replica drains, or another one cannot be reached. */
  readonly others: () => readonly SpreadReplica[] | undefined;
  /** Milliseconds between two looks. */
  readonly interval: number;
  readonly clock: Clock;
  readonly onBegun: (spread: { readonly sessions: number; readonly mean: number }) => void;
  /** `sent`: sessions that were asked to leave since it had begun. */
  readonly onEnded: (spread: { readonly sessions: number; readonly sent: number }) => void;
};

/** Milliseconds after which a session that has stayed is asked again. */
const ASK_AGAIN_MS = 3_600_000;
const REASON = 'this replica has more sessions than the others';

/** Sends agents to the other replicas while this one has clearly more sessions than its share, as after their restart. */
export class Rebalancer {
  readonly #options: RebalancerOptions;
  /** When sessions were asked, by their ids. */
  readonly #asked = new Map<string, number>();
  #state: RebalanceState = BALANCED;
  /** Undefined: nothing was sent since there were too many. */
  #sent: number | undefined;
  #total = 0;
  #cancel = () => {};

  constructor(options: RebalancerOptions) {
    this.#options = options;
    this.#schedule();
  }

  /** Sessions that were asked to go to another replica. */
  get total(): number {
    return this.#total;
  }

  stop(): void {
    this.#cancel();
  }

  #schedule(): void {
    const { clock, interval } = this.#options;
    this.#cancel = clock.after(interval, () => {
      this.#look();
      this.#schedule();
    });
  }

  #look(): void {
    const { registry, others } = this.#options;
    const own = [...registry.localSessions].filter(({ state }) => state === 'ready').length;
    const replicas = others();
    if (replicas === undefined || replicas.length === 0) {
      this.#setState(BALANCED, own);
      return;
    }
    const spread = { own, others: replicas.map(({ sessions }) => sessions) };
    const { state, send } = rebalance(this.#state, spread);
    if (send > 0) this.#send(send, replicas, own);
    this.#setState(state, own);
  }

  #setState(state: RebalanceState, sessions: number): void {
    this.#state = state;
    if (state.name !== 'balanced' || this.#sent === undefined) return;
    this.#options.onEnded({ sessions, sent: this.#sent });
    this.#sent = undefined;
  }

  #send(count: number, others: readonly SpreadReplica[], own: number): void {
    const { registry, clock, onBegun } = this.#options;
    const now = clock.now();
    const local = new Set([...registry.localSessions].map(({ id }) => id));
    for (const [id, at] of this.#asked) {
      if (!local.has(id) || now - at >= ASK_AGAIN_MS) this.#asked.delete(id);
    }
    const mean = others.reduce((sum, { sessions }) => sum + sessions, own) / (others.length + 1);
    const emptier = others.filter(({ sessions }) => sessions < mean).map(({ name }) => name);
    const chosen = movable(registry.sessions(), emptier)
      .filter(({ id }) => !this.#asked.has(id))
      .slice(0, count);
    if (chosen.length === 0) return;
    if (this.#sent === undefined) onBegun({ sessions: own, mean: Math.round(mean) });
    for (const session of chosen) {
      this.#asked.set(session.id, now);
      session.suggestReconnect(REASON);
    }
    this.#sent = (this.#sent ?? 0) + chosen.length;
    this.#total += chosen.length;
  }
}

/**
 * One session of each agent that could go to one of these replicas without the agent reaching fewer: those of agents with
 * several sessions here first, then those with the fewest streams, then the oldest.
 */
function movable(sessions: Iterable<RegisteredSession>, emptier: readonly string[]): RegisteredSession[] {
  type Reach = { readonly replicas: Set<string>; readonly here: RegisteredSession[] };
  const agents = new Map<string, Reach>();
  for (const session of sessions) {
    if (session.state !== 'ready') continue;
    const { agentId } = session.identity;
    let reach = agents.get(agentId);
    if (reach === undefined) {
      reach = { replicas: new Set(), here: [] };
      agents.set(agentId, reach);
    }
    if (session.replica === undefined) reach.here.push(session);
    else reach.replicas.add(session.replica);
  }
  const candidates: { readonly session: RegisteredSession; readonly spare: boolean }[] = [];
  for (const { replicas, here } of agents.values()) {
    const [session] = here.sort((a, b) => a.load - b.load || a.openedAt - b.openedAt);
    if (session === undefined || emptier.every((name) => replicas.has(name))) continue;
    candidates.push({ session, spare: here.length > 1 });
  }
  return candidates
    .sort(
      (a, b) =>
        Number(b.spare) - Number(a.spare) ||
        a.session.load - b.session.load ||
        a.session.openedAt - b.session.openedAt,
    )
    .map(({ session }) => session);
}
