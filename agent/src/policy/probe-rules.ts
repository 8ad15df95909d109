import { isIP } from 'node:net';
import { addressRanges, type ProbeRule } from '@penstock/config-schema';

/** The targets that policy.probe allows. */
export type ProbePolicy = {
  /** Whether a rule with a name, a suffix or `*` allows the name, whatever it resolves to. */
  allowsName(host: string, port: number): boolean;
  /** Whether a rule with an address or a range allows the address. */
  allowsAddress(address: string, port: number): boolean;
  /** Whether any address could be allowed on this port. Otherwise, resolving a name is pointless. */
  hasAddresses(port: number): boolean;
};

/** `rules` must be validated by the configuration loader. */
export function probePolicy(rules: readonly ProbeRule[]): ProbePolicy {
  const byAddress = rules.filter(isAddressRule).map(({ host, ports }) => ({
    ports,
    has: addressRanges([host.includes('/') ? host : `${host}/${isIP(host) === 6 ? 128 : 32}`]),
  }));
  const byName = rules.filter((rule) => !isAddressRule(rule));
  return {
    allowsName: (host, port) =>
      byName.some((rule) => isWithin(rule.ports, port) && matchesName(normalName(host), rule.host)),
    allowsAddress: (address, port) =>
      byAddress.some(({ ports, has }) => isWithin(ports, port) && has(address)),
    hasAddresses: (port) => byAddress.some(({ ports }) => isWithin(ports, port)),
  };
}

const isAddressRule = ({ host }: ProbeRule) => host.includes('/') || isIP(host) !== 0;

const isWithin = ({ from, to }: ProbeRule['ports'], port: number) => port >= from && port <= to;

/** Names are case-insensitive, and a trailing dot has no meaning. */
const normalName = (host: string) => host.toLowerCase().replace(/\.$/, '');

function matchesName(host: string, pattern: string): boolean {
  if (pattern === '*') return true;
  const wanted = normalName(pattern);
  return wanted.startsWith('*.')
    ? host.endsWith(wanted.slice(1)) && host.length > wanted.length - 1
    : host === wanted;
}
