import type { Store } from '@penstock/store';
import type { AgentIdentity } from '@penstock/wire';
import type { Actor } from '../actor.ts';

export type RevokedListener = (agentId: string) => void;
/** Which identities are no longer good, in memory, so that a handshake asks without waiting. */
export class Revocation {
  readonly #store: Store;
  readonly #clock: () => number;
  readonly #agents: Set<string>;
  readonly #serials: ReadonlySet<string>;
  readonly #listeners = new Set<RevokedListener>();

  private constructor(store: Store, clock: () => number, agents: Set<string>, serials: Set<string>) {
    this.#store = store;
    this.#clock = clock;
    this.#agents = agents;
    this.#serials = serials;
  }

  /** Loads what was revoked and has not expired since; TLS refuses the expired. Throws StoreError. */
  static async load(store: Store, clock: () => number = Date.now): Promise<Revocation> {
    const agents = await store.agents.revokedWithLivingIdentity(clock());
    const serials = await store.identities.revokedSerials(clock());
    return new Revocation(store, clock, new Set(agents), new Set(serials));
  }

  isRevoked({ agentId, serial }: Pick<AgentIdentity, 'agentId' | 'serial'>): boolean {
    return this.#agents.has(agentId) || this.#serials.has(serial);
  }

  /**
   * Revokes an agent for good: its key never comes back. Written to the store first, then its sessions are told.
   * False when there is no such agent or it is revoked already. Throws StoreError.
   */
  async revoke(agentId: string, { id: actor, address }: Actor): Promise<boolean> {
    const at = this.#clock();
    const revoked = await this.#store.transaction(async (inside) => {
      const agent = await inside.agents.byId(agentId);
      if (agent === undefined || !(await inside.agents.revoke(agentId, at, 'revoked'))) return false;
      await inside.identities.revokeAllOf(agentId, at);
      const { name, pool } = agent;
      await inside.audit.append({
        at,
        actor,
        action: 'agent.revoke',
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

  /** Makes known here what the store already holds: the agent was revoked. */
  apply(agentId: string): void {
    if (this.#agents.has(agentId)) return;
    this.#agents.add(agentId);
    for (const listener of [...this.#listeners]) listener(agentId);
  }

  /** Calls `listener` with the id of each agent that is revoked from now on. Returns what ends that. */
  onRevoked(listener: RevokedListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
