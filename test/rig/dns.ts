import type { LookupFunction } from 'node:net';

/** A lookup as `net.connect` takes it, that knows the given names and nothing else. */
export type FakeLookup = { readonly lookup: LookupFunction; readonly asked: readonly string[] };

/**
 * Resolves `names` to their addresses; ENOTFOUND for every other name, as a resolver says it.
 * `asked` holds every name it was asked for, in order.
 */
export function fakeLookup(names: Readonly<Record<string, readonly string[]>>): FakeLookup {
  const asked: string[] = [];
  const lookup: LookupFunction = (hostname, options, callback) => {
    asked.push(hostname);
    const known = Object.hasOwn(names, hostname) ? (names[hostname] ?? []) : [];
    const family =
      options.family === 4 || options.family === 'IPv4'
        ? 4
        : options.family === 6 || options.family === 'IPv6'
          ? 6
          : 0;
    const found = known
      .map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
      .filter((entry) => family === 0 || entry.family === family);
    process.nextTick(() => {
      const [first] = found;
      if (first === undefined) {
        callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' }), '', 0);
      } else if (options.all === true) {
        callback(null, found);
      } else {
        callback(null, first.address, first.family);
      }
    });
  };
  return { lookup, asked };
}
