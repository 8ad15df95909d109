import type { ProbeRule } from '../agent-config.ts';
import { parseCidr } from './cidr.ts';
import { accepted, type FieldResult, refused } from './field-result.ts';
import { isHostName, isIpv4, isIpv6 } from './host.ts';

/** For editors; the parser checks more. */
export const probeRulePattern = '^.+:[0-9]{1,5}(-[0-9]{1,5})?$';

const SHAPE = /^(?:\[([^[\]]+)\](\/[0-9]{1,3})?|([^:[\]]+)):([0-9]{1,5})(?:-([0-9]{1,5}))?$/;

/**
 * Parses `host:ports`, where ports is one port or `from-to`, and host is a name, `*.suffix`, `*`, an IP address, or a
 * range (IPv6 in brackets: `[fd00::]/8:443`). The result's host has no brackets.
 */
export function parseProbeRule(text: string): FieldResult<ProbeRule> {
  const match = SHAPE.exec(text);
  if (match === null) return notARule('must be a host followed by ports');
  const [, inBrackets, prefix = '', plain = '', first, last] = match;
  const from = Number(first);
  const to = last === undefined ? from : Number(last);
  if (from < 1 || to > 65_535 || from > to) return notARule('has invalid ports');
  const host = inBrackets === undefined ? plain : inBrackets + prefix;
  if (inBrackets !== undefined && !isIpv6(inBrackets))
    return notARule('does not have an IPv6 address in its brackets');
  if (host.includes('/')) {
    const range = parseCidr(host);
    return range.ok ? accepted({ host, ports: { from, to } }) : notARule(range.message);
  }
  const name = host.startsWith('*.') ? host.slice(2) : host;
  if (host === '*' || inBrackets !== undefined || isIpv4(host) || isHostName(name)) {
    return accepted({ host, ports: { from, to } });
  }
  return notARule('does not have a host, pattern, or range before its ports');
}

export function formatProbeRule({ host, ports }: ProbeRule): string {
  const [address = '', prefix] = host.split('/');
  const shown = address.includes(':') ? `[${address}]${prefix === undefined ? '' : `/${prefix}`}` : host;
  return `${shown}:${ports.from}${ports.to === ports.from ? '' : `-${ports.to}`}`;
}

function notARule(message: string): FieldResult<never> {
  return refused(
    'INVALID_PROBE_RULE',
    message,
    'Write it as db.internal:5432, "*.internal:5432", 10.0.0.0/8:1-65535, or [fd00::]/8:443.',
  );
}
