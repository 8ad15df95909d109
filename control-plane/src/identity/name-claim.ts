import type { AgentRow, Repositories } from '@penstock/store';
import { ProblemError } from '@penstock/wire';

/**
 * What this gateway knows of an agent's sessions. `connected`: it has one. `left`: it had one since the gateway
 * started, and has had none for `goneFor` milliseconds. `unknown`: neither.
 */
export type Presence =
  | { readonly state: 'connected' }
  | { readonly state: 'left'; readonly goneFor: number }
  | { readonly state: 'unknown' };

export type NameClaim = {
  readonly name: string;
  readonly pool: string;
  readonly now: number;
  readonly presence: (agentId: string) => Presence;
  /** When this gateway started. It knows nothing of earlier sessions. */
  readonly startedAt: number;
  /** Milliseconds without a session after which an agent counts as gone. */
  readonly settleTime: number;
};

/**
 * Decides whether an agent with a new key may take a name that belongs to another key (docs/decisions/0003). Returns the
 * agent to replace, which the caller must revoke in the same transaction, or undefined if the name is free.
 *
 * Throws ProblemError NAME_TAKEN if the other agent is connected, so that a clone cannot replace the original, and
 * TOO_MANY_REQUESTS if it is too early to decide.
 */
export async function claimName(store: Repositories, claim: NameClaim): Promise<AgentRow | undefined> {
  const { name, pool, now } = claim;
  const holder = await store.agents.byName(name);
  if (holder === undefined) return undefined;
  const latest = await store.identities.latest(holder.id);
  if (latest !== undefined && latest.notAfter <= now) return holder;
  if (holder.pool !== pool) {
    throw new ProblemError(
      'NAME_TAKEN',
      `An agent named ${name} has a valid identity in another pool. ${adviceFor(name)}`,
    );
  }
  const presence = claim.presence(holder.id);
  if (presence.state === 'connected') {
    throw new ProblemError(
      'NAME_TAKEN',
      `An agent named ${name} is connected with another key. Change the name of this agent, or stop the other ` +
        `agent if this one replaces it. ${adviceFor(name)}`,
    );
  }
  const lastIssued = Math.max(latest?.issuedAt ?? holder.createdAt, claim.startedAt);
  // An agent that lost its connection a moment ago is reconnecting, and must not be locked out in that moment.
  const lastSeen = presence.state === 'left' ? now - presence.goneFor : lastIssued;
  refuseBefore(lastSeen + claim.settleTime, claim);
  return holder;
}

function refuseBefore(settled: number, { name, now }: NameClaim): void {
  if (now >= settled) return;
  const retryAfter = Math.ceil((settled - now) / 1000);
  throw new ProblemError(
    'TOO_MANY_REQUESTS',
    `An agent named ${name} with another key was seen recently, and it is too early to tell whether it is gone. ` +
      `Try again in ${retryAfter} s.`,
    { retryAfter },
  );
}

const adviceFor = (name: string) => `To revoke the other agent: penstock-gateway agent revoke ${name}`;
