export type Address = { readonly address: string; readonly family: number };
/** Resolves a host name to all its addresses, in the order the resolver prefers. Throws what node:dns throws. */
export type Lookup = (host: string) => Promise<readonly Address[]>;
