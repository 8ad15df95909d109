import type { RevocationReason, Store } from '@penstock/store';
import type { AgentIdentity } from '@penstock/wire';
import type { Actor } from '../actor.ts';

export type RevokedListener = (agentId: string) => void;
/** The revoked identities, in memory, so that a handshake does not wait for the store. */
export class Revocation {
  readonly #store: Store;
  readonly #clock: () => number;
  readonly #agents: Set<string>;
  readonly #serials: Set<string>;
  readonly #listeners = new Set<RevokedListener>();

  private constructor(store: Store, clock: () => number, agents: Set<string>, serials: Set<string>) {
    this.#store = store;
    this.#clock = clock;
    this.#agents = agents;
    this.#serials = serials;
  }

  /** Loads identities that are revoked and have not expired, since TLS rejects expired ones. Throws StoreError. */
  static async load(store: Store, clock: () => number = Date.now): Promise<Revocation> {
    const agents = await store.agents.revokedWithValidIdentity(clock());
    const serials = await store.identities.revokedSerials(clock());
    return new Revocation(store, clock, new Set(agents), new Set(serials));
  }

  isRevoked({ agentId, serial }: Pick<AgentIdentity, 'agentId' | 'serial'>): boolean {
    return this.#agents.has(agentId) || this.#serials.has(serial);
  }

  /**
   * Revokes an agent permanently: its key is never accepted again. The store is written first, then listeners are called.
   * Resolves to false if the agent is unknown or revoked already. Throws StoreError.
   */
  revoke(agentId: string, actor: Actor): Promise<boolean> {
    return this.#end(agentId, actor, 'revoked', 'agent.revoke');
  }

  /** The same for an agent that has been gone for long: its name is free. Throws StoreError. */
  forget(agentId: string, actor: Actor): Promise<boolean> {
    return this.#end(agentId, actor, 'forgotten', 'agent.forget');
  }

  async #end(
    agentId: string,
    { id: actor, address }: Actor,
    reason: RevocationReason,
    action: 'agent.revoke' | 'agent.forget',
  ): Promise<boolean> {
    const at = this.#clock();
    const revoked = await this.#store.transaction(async (inside) => {
      const agent = await inside.agents.byId(agentId);
      if (agent === undefined || !(await inside.agents.revoke(agentId, at, reason))) return false;
      await inside.identities.revokeAllOf(agentId, at);
      const { name, pool } = agent;
      await inside.audit.append({
        at,
        actor,
        action,
        subject: `agent:${agentId}`,
        address,
        before: { name, pool, revoked: false },
        after: { name, pool, revoked: true },
      });
      return true;
    });
    if (revoked) this.apply(agentId);
    return revoked;
  }

  /** Applies every revocation in the store. Throws StoreError. */
  async reload(): Promise<void> {
    const now = this.#clock();
    for (const serial of await this.#store.identities.revokedSerials(now)) this.#serials.add(serial);
    for (const id of await this.#store.agents.revokedWithValidIdentity(now)) this.apply(id);
  }

  /** Applies a revocation that is stored already. */
  apply(agentId: string): void {
    if (this.#agents.has(agentId)) return;
    this.#agents.add(agentId);
    for (const listener of [...this.#listeners]) listener(agentId);
  }

  /** Calls `listener` with the id of each agent revoked from now on. Returns a function that removes the listener. */
  onRevoked(listener: RevokedListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
