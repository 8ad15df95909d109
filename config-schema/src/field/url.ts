import type { HostPort } from '../agent-config.ts';
import { accepted, type FieldResult, refused } from './field-result.ts';

/** For editors; the parsers check more. */
export const gatewayUrlPattern = '^https://[^/@]+/?$';
export const proxyPattern = '^(env|none|https?://.+)$';
export const storePattern = '^embedded$';

/** The origin of the gateway's tunnel port. */
export function parseGatewayUrl(text: string): FieldResult<{ url: string; address: HostPort }> {
  const url = URL.parse(text);
  if (url?.protocol !== 'https:' || !text.startsWith('https://') || url.hostname === '') {
    return refused(
      'INVALID_URL',
      'must be an https:// URL',
      'Write it like https://gateway.example.com:8443.',
    );
  }
  if (url.username !== '' || url.password !== '') {
    return refused(
      'CREDENTIALS_IN_URL',
      'must not hold credentials',
      'Agents show a certificate; leave out what stands before the @.',
    );
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    return refused('INVALID_URL', 'must be only scheme, host and port', 'Leave out the path.');
  }
  if (url.port === '0') return refused('INVALID_URL', 'has no possible port', 'Ports go from 1 to 65535.');
  const port = url.port === '' ? 443 : Number(url.port);
  return accepted({ url: url.origin, address: { host: url.hostname.replace(/^\[|\]$/g, ''), port } });
}

/** `env`, `none` or the URL of an HTTP proxy. */
export function parseProxy(text: string): FieldResult<string> {
  if (text === 'env' || text === 'none') return accepted(text);
  return ofScheme(text, ['http:', 'https:'], {
    message: 'must be env, none or the URL of a proxy',
    suggestion: 'Write it like http://user:${env:PROXY_PASSWORD}@proxy.example.com:3128.',
  });
}

/** `embedded`: databases as stores are for later releases. */
export function parseStore(text: string): FieldResult<'embedded'> {
  if (text === 'embedded') return accepted(text);
  const suggestion = 'Write `store: embedded`, or leave it out.';
  return /^postgres(ql)?:/.test(text)
    ? refused(
        'NOT_SUPPORTED',
        'is a database, and this release keeps its state in the data directory only',
        suggestion,
      )
    : refused('NOT_ALLOWED_VALUE', 'must be embedded', suggestion);
}

/** Where alerts are sent. */
export function parseWebhook(text: string): FieldResult<string> {
  return ofScheme(text, ['http:', 'https:'], {
    message: 'must be an https:// URL',
    suggestion: 'Refer to one: ${env:OPS_WEBHOOK_URL}.',
  });
}

type Refusal = { readonly message: string; readonly suggestion: string };

function ofScheme(text: string, schemes: readonly string[], refusal: Refusal): FieldResult<string> {
  const url = URL.parse(text);
  const ok = schemes.some((scheme) => text.startsWith(`${scheme}//`)) && url !== null && url.hostname !== '';
  return ok ? accepted(text) : refused('INVALID_URL', refusal.message, refusal.suggestion);
}
