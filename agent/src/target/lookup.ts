import { type HostAddress, hostLookup, type Lookup, NameCache } from '@penstock/runtime';

export type { Lookup } from '@penstock/runtime';
export type Address = HostAddress;

/** The names of targets, resolved as the host does unless `lookup` is given. `ttl` is in milliseconds. */
export const targetNames = (
  { cacheTtl, cacheSize }: { readonly cacheTtl: number; readonly cacheSize: number },
  lookup: Lookup = hostLookup,
) => new NameCache({ ttl: cacheTtl, size: cacheSize, lookup });
