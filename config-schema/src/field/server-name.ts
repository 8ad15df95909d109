import { accepted, type FieldResult, refused } from './field-result.ts';
import { isHostName, isIpv4, isIpv6 } from './host.ts';

/** For editors; the parser checks more. */
export const serverNamePattern = '^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)+$';

/**
 * A host name with a dot, as clients send it in TLS (RFC 6066 section 3), in lower case. Neither addresses nor names
 * of one label: a Java client sends no server name for those, and would never get in.
 */
export function parseServerName(text: string): FieldResult<string> {
  const wrong = (message: string, suggestion: string) => refused('INVALID_ADDRESS', message, suggestion);
  const example = 'Write the host name that clients connect to, such as orders.db.example.com.';
  if (text.includes('*')) {
    return wrong('must be one host name, without a pattern', 'Give each connection a host name of its own.');
  }
  if (isIpv4(text) || isIpv6(text)) {
    return wrong('must be a host name: clients name no IP address in TLS', example);
  }
  if (!isHostName(text)) return wrong('must be a host name', example);
  if (!text.includes('.')) {
    return wrong('must be a host name with a dot: Java names no other in TLS', example);
  }
  return accepted(text.toLowerCase());
}
