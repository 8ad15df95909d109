import { type Clock, inSlices } from '@penstock/runtime';
import { errorText } from '@penstock/wire';
import type { ControlPlaneLog } from '../observe/event.ts';
import type { AgentView } from './agent-view.ts';

export type ForgettingOptions = {
  readonly fleet: { agentsAfter(cursor: string): Iterable<AgentView> };
  /** Resolves to false if the agent has been removed already. Throws StoreError. */
  readonly forget: (agentId: string) => Promise<boolean>;
  /** Milliseconds without a session after which an agent of this pool is removed; 0: never. */
  readonly forgetAfter: (pool: string) => number;
  /** False while another gateway on the same store does it. */
  readonly isLeader: () => boolean;
  /** False while a replica cannot be reached, whose agents seem to be gone. */
  readonly isWhole: () => boolean;
  readonly clock: Clock;
  readonly log: ControlPlaneLog;
};

const INTERVAL_MS = 60_000;
/** Time after the start in which agents reconnect. */
const SETTLE_MS = 5 * 60_000;
/** Agents removed in one round, so that a mistake is noticed before all of them are gone. */
const MAX_PER_ROUND = 100;

/**
 * Removes agents that have been gone for longer than their pool allows. While no agent of a pool is connected none of it is
 * removed: then it is more likely that the gateway cannot be reached. Returns what stops it, and resolves when nothing runs.
 */
export function startForgetting(options: ForgettingOptions): () => Promise<void> {
  const { clock, log } = options;
  const startedAt = clock.wall();
  const begunAt = clock.now();
  let wholeSince: number | undefined;
  let running: Promise<void> = Promise.resolve();
  let stopTimer = () => {};
  // The first wait is before the first look.
  let settle = 0;
  const schedule = (delay: number) => {
    stopTimer = clock.after(delay, () => {
      const isWhole = options.isWhole();
      if (!isWhole) settle = SETTLE_MS;
      wholeSince = isWhole ? (wholeSince ?? clock.now()) : undefined;
      schedule(INTERVAL_MS);
      // The agents of a replica that has just come back, or is gone, are still reconnecting.
      if (wholeSince === undefined || clock.now() - wholeSince < settle) return;
      // Time counts only as far as the clock did not jump.
      const now = Math.min(clock.wall(), startedAt + (clock.now() - begunAt));
      running = forgetAbsent(options, startedAt, now).catch((error: unknown) => {
        log('store-failed', { detail: errorText(error) });
      });
    });
  };
  schedule(SETTLE_MS);
  return async () => {
    stopTimer();
    await running;
  };
}

async function forgetAbsent(options: ForgettingOptions, startedAt: number, now: number): Promise<void> {
  const { fleet, forget, forgetAfter, isLeader, clock, log } = options;
  if (!isLeader()) return;
  const connected = new Set<string>();
  const gone: AgentView[] = [];
  const look = (agent: AgentView) => {
    if (agent.connectedSince !== undefined) connected.add(agent.pool);
    const limit = forgetAfter(agent.pool);
    if (limit > 0 && agent.state !== 'revoked' && goneFor(agent, startedAt, now) >= limit) gone.push(agent);
  };
  await inSlices(fleet.agentsAfter(''), look, clock);
  const removable = gone.filter(({ pool }) => connected.has(pool)).slice(0, MAX_PER_ROUND);
  for (const { id, name, pool } of removable) {
    if (await forget(id)) log('agent-forgotten', { agent: name, pool, agentId: id });
  }
}

/**
 * Milliseconds since the agent was certainly seen last: by its last heartbeat, or else since this gateway started, or since its
 * certificate expired, with which it could not have connected later.
 */
function goneFor(
  { connectedSince, lastHeartbeat, identityNotAfter = Number.POSITIVE_INFINITY }: AgentView,
  startedAt: number,
  now: number,
): number {
  if (connectedSince !== undefined) return 0;
  return now - (lastHeartbeat ?? Math.min(startedAt, identityNotAfter));
}
