import type { ActiveGrants, GrantTerms } from '../../src/data-plane-port.ts';

export type FakeActiveGrants = ActiveGrants & {
  /** The grants in force, by id. */
  readonly terms: ReadonlyMap<string, GrantTerms>;
  /** What `usesOf` returns, by id. */
  readonly uses: Map<string, number>;
  /** Those that had ended before, by hash. */
  readonly ended: ReadonlyMap<string, 'expired' | 'revoked'>;
};

/** Records what the control plane does to the grants of the data plane. Nothing expires. */
export function fakeActiveGrants(): FakeActiveGrants {
  const terms = new Map<string, GrantTerms>();
  const uses = new Map<string, number>();
  const ended = new Map<string, 'expired' | 'revoked'>();
  return {
    terms,
    uses,
    ended,
    get size() {
      return terms.size;
    },
    add(grants) {
      for (const each of grants) terms.set(each.id, each);
    },
    addEnded(grants) {
      for (const { hash, end } of grants) ended.set(hash, end);
    },
    revoke(id) {
      terms.delete(id);
      uses.delete(id);
    },
    usesOf: (id) => uses.get(id) ?? 0,
  };
}
