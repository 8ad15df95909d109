import { isIP } from 'node:net';
import { addressRanges, type ProbeRule } from '@penstock/config-schema';

/** What policy.probe allows. */
export type ProbePolicy = {
  /** Whether the name itself is allowed, wherever it leads: by a rule with a name, a suffix or `*`. */
  allowsName(host: string, port: number): boolean;
  /** Whether the address is allowed, by a rule with an address or a range. */
  allowsAddress(address: string, port: number): boolean;
  /** Whether any address could be allowed on this port: only then is it worth asking for the addresses of a name. */
  hasAddresses(port: number): boolean;
};

/** `rules` are those of a configuration, already checked. */
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

/** Names know no case, and a dot at the end changes nothing. */
const normalName = (host: string) => host.toLowerCase().replace(/\.$/, '');

function matchesName(host: string, pattern: string): boolean {
  if (pattern === '*') return true;
  const wanted = normalName(pattern);
  return wanted.startsWith('*.')
    ? host.endsWith(wanted.slice(1)) && host.length > wanted.length - 1
    : host === wanted;
}
