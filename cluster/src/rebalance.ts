/** How the sessions of agents are spread over the replicas, as one of them sees it. */
export type SessionSpread = {
  /** Sessions of the replica that decides. */
  readonly own: number;
  /** Sessions of each other replica that runs, does not drain, and is connected to this one. */
  readonly others: readonly number[];
};

/** `looks`: how often in a row there were too many. `last`: sessions at the last move. `wait`: looks until the next. */
export type RebalanceState =
  | { readonly name: 'balanced'; readonly looks: number }
  | { readonly name: 'sending'; readonly last: number; readonly patience: number; readonly wait: number };

/** Sending begins above `BEGIN` times the mean and ends at `END` times the mean, so that it does not begin again at once. */
const BEGIN = 1.25;
const END = 1.1;
/** Looks in a row before anything is sent away: agents that have just lost a replica are still on their way. */
const LOOKS = 3;
/** Sessions of this replica of which one is sent away at a time. */
const SESSIONS_PER_MOVE = 100;
/** Looks between two moves when moves do not help, because the load balancer sends the agents back. */
const MAX_PATIENCE = 64;

export const BALANCED: RebalanceState = { name: 'balanced', looks: 0 };

/** Sessions in percent of the mean of all replicas. Without sessions, every replica has its share. */
export function percentOfMean({ own, others }: SessionSpread): number {
  const mean = meanOf({ own, others });
  return mean === 0 ? 100 : Math.round((100 * own) / mean);
}

/**
 * Decides at each look, every 10 seconds, how many agents to send away: 1 % while this replica has clearly more than its
 * share, none when another place for a session would be no better, and no more than it has above the mean. Moves that do
 * not help are made more and more rarely.
 */
export function rebalance(
  state: RebalanceState,
  spread: SessionSpread,
): { readonly state: RebalanceState; readonly send: number } {
  const { own, others } = spread;
  const mean = meanOf(spread);
  // With a difference of one, the session would only make the other replica the fuller one.
  const wouldHelp = own - Math.min(...others) >= 2;
  if (!wouldHelp || own <= END * mean) return { state: BALANCED, send: 0 };
  if (state.name === 'balanced') {
    const looks = own > BEGIN * mean ? state.looks + 1 : 0;
    if (looks < LOOKS) return { state: { name: 'balanced', looks }, send: 0 };
    return { state: { name: 'sending', last: own, patience: 1, wait: 1 }, send: moves(own, mean) };
  }
  if (state.wait > 1) return { state: { ...state, wait: state.wait - 1 }, send: 0 };
  const patience = own < state.last ? 1 : Math.min(MAX_PATIENCE, 2 * state.patience);
  return { state: { name: 'sending', last: own, patience, wait: patience }, send: moves(own, mean) };
}

const moves = (own: number, mean: number) =>
  Math.max(1, Math.min(Math.floor(own / SESSIONS_PER_MOVE), Math.floor(own - mean)));

function meanOf({ own, others }: SessionSpread): number {
  return others.reduce((sum, each) => sum + each, own) / (others.length + 1);
}
