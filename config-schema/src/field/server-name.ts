import { accepted, type FieldResult, refused } from './field-result.ts';
import { isHostName, isIpv4, isIpv6, withoutFinalDot } from './host.ts';

/** For editors; the parser checks more. */
export const serverNamePattern = '^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)+\\.?$';

/**
 * Parses a host name with a dot, as clients send it in TLS (RFC 6066 section 3), in lower case. Rejects addresses and
 * names with a single label: Java clients send no server name for those and could never connect.
 */
export function parseServerName(written: string): FieldResult<string> {
  const text = withoutFinalDot(written);
  const wrong = (message: string, suggestion: string) => refused('INVALID_ADDRESS', message, suggestion);
  const example = 'Use the host name that clients connect to, such as orders.db.example.com.';
  if (text.includes('*')) {
    return wrong('must be a host name, not a pattern', 'Give each connection its own host name.');
  }
  if (isIpv4(text) || isIpv6(text)) {
    return wrong(
      'must be a host name, because clients do not send IP addresses as server names in TLS',
      example,
    );
  }
  if (!isHostName(text)) return wrong('must be a host name', example);
  if (!text.includes('.')) {
    return wrong('must contain a dot, because Java does not send other server names in TLS', example);
  }
  return accepted(text.toLowerCase());
}
