import type { HostPort } from '../agent-config.ts';
import { accepted, type FieldResult, refused } from './field-result.ts';
import { bracketed, isHostName, isIpv4, isIpv6 } from './host.ts';

/** For editors; the parser checks more. */
export const hostPortPattern = '^(\\[[^\\]]+\\]|[A-Za-z0-9_.-]+):[0-9]{1,5}$';

const SHAPE = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([0-9]{1,5})$/;

/** Parses `host:port` to dial; IPv6 in brackets. */
export function parseAddress(text: string): FieldResult<HostPort> {
  return parseHostPort(text, 1);
}

/** Parses `host:port` to listen on; port 0 lets the system choose. */
export function parseListenAddress(text: string): FieldResult<HostPort> {
  return parseHostPort(text, 0);
}

export function formatHostPort({ host, port }: HostPort): string {
  return `${bracketed(host)}:${port}`;
}

function parseHostPort(text: string, lowestPort: 0 | 1): FieldResult<HostPort> {
  const match = SHAPE.exec(text);
  if (match === null || match[2] === '') return shapeless(text, lowestPort);
  const [, inBrackets, plain = '', digits] = match;
  const port = Number(digits);
  if (port < lowestPort || port > 65_535) {
    return refused('INVALID_ADDRESS', 'has an invalid port', `Ports range from ${lowestPort} to 65535.`);
  }
  if (inBrackets !== undefined) {
    return isIpv6(inBrackets)
      ? accepted({ host: inBrackets, port })
      : refused(
          'INVALID_ADDRESS',
          'does not have an IPv6 address in its brackets',
          'Write it as [2001:db8::1]:5432.',
        );
  }
  if (plain === '*' && lowestPort === 0) {
    return refused(
      'INVALID_ADDRESS',
      'does not have a valid host before its port',
      'Write it as 0.0.0.0:PORT for every address of this host, or [::]:PORT with IPv6.',
    );
  }
  if (isIpv4(plain) || isHostName(plain)) return accepted({ host: plain, port });
  return refused(
    'INVALID_ADDRESS',
    'does not have a valid host before its port',
    'Use a host name or an IP address, such as db.internal:5432 or 10.0.0.5:5432.',
  );
}

function shapeless(text: string, lowestPort: 0 | 1): FieldResult<HostPort> {
  if (text.includes('://')) {
    return refused('INVALID_ADDRESS', 'must be host:port, not a URL', 'Remove the scheme and the path.');
  }
  if (/^\[[^[\]]+\]$/.test(text)) {
    return refused('INVALID_ADDRESS', 'has no port', 'Write it as [2001:db8::1]:5432.');
  }
  if (isIpv6(text) || (text.match(/:/g) ?? []).length > 1) {
    return refused('INVALID_ADDRESS', 'must be host:port', 'Put IPv6 in brackets: [2001:db8::1]:5432.');
  }
  if (/^:?[0-9]{1,5}$/.test(text)) {
    const example = lowestPort === 0 ? '0.0.0.0:PORT for every address of this host' : 'db.internal:PORT';
    return refused('INVALID_ADDRESS', 'has a port but no host', `Write it as ${example}.`);
  }
  const suggestion = 'Write it as db.internal:5432.';
  return text.includes(':')
    ? refused('INVALID_ADDRESS', 'must be host:port', suggestion)
    : refused('INVALID_ADDRESS', 'has no port', suggestion);
}
