type Address = { readonly address: string; readonly family: 4 | 6 };

/** A resolver that knows only the given names. */
export type FakeLookup = {
  /** The lookup that the agent accepts: returns every address of a name; rejects like `dns.promises.lookup`. */
  readonly lookup: (host: string) => Promise<readonly Address[]>;
  /** Every requested name, in order. */
  readonly asked: readonly string[];
};

/** Resolves `names` to their addresses; ENOTFOUND for every other name. */
export function fakeLookup(names: Readonly<Record<string, readonly string[]>>): FakeLookup {
  const asked: string[] = [];
  return {
    asked,
    async lookup(host) {
      asked.push(host);
      const addresses = Object.hasOwn(names, host) ? (names[host] ?? []) : [];
      if (addresses.length === 0) {
        throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' });
      }
      return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    },
  };
}
