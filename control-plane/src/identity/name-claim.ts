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
  /** When this gateway started to know who is connected. */
  readonly startedAt: number;
  /** Milliseconds after which an agent that has not shown itself counts as gone. */
  readonly settleTime: number;
};

/**
 * Decides whether an agent with a new key may have a name that another key has (docs/decisions/0003). Returns the
 * agent it takes the place of, to be revoked in the same transaction, or undefined when the name is free.
 *
 * Throws ProblemError NAME_TAKEN when the other is alive, so that a clone never ousts the original, and
 * TOO_MANY_REQUESTS when it is too early to tell.
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
      `An agent named ${name} has a valid identity in another pool. ${wayOut(name)}`,
    );
  }
  const presence = claim.presence(holder.id);
  if (presence.state === 'connected') {
    throw new ProblemError(
      'NAME_TAKEN',
      `An agent named ${name} is connected with another key. Give this one another name; or, if it takes the ` +
        `other's place, stop the other first. ${wayOut(name)}`,
    );
  }
  const enrolled = Math.max(latest?.issuedAt ?? holder.createdAt, claim.startedAt);
  // An agent that blinked is on its way back: whoever asks in that moment must not lock it out.
  const shown = presence.state === 'left' ? now - presence.goneFor : enrolled;
  refuseBefore(shown + claim.settleTime, claim);
  return holder;
}

function refuseBefore(settled: number, { name, now }: NameClaim): void {
  if (now >= settled) return;
  const retryAfter = Math.ceil((settled - now) / 1000);
  throw new ProblemError(
    'TOO_MANY_REQUESTS',
    `Another agent named ${name} was here with another key, and it is too early to tell whether it is gone. ` +
      `Try again in ${retryAfter} s.`,
    { retryAfter },
  );
}

const wayOut = (name: string) => `To end the other's identity: penstock-gateway agent revoke ${name}`;
