import { isLoopbackHost } from '@penstock/runtime';
import type { HostPort } from '../agent-config.ts';
import { accepted, type FieldResult, refused } from './field-result.ts';

/** For editors; the parsers check more. */
export const gatewayUrlPattern = '^https://[^/@]+/?$';
export const consoleUrlPattern = '^https?://[^/@]+/?$';
export const proxyPattern = '^(env|none|https?://.+)$';

/** Parses the origin of the gateway's tunnel port. */
export function parseGatewayUrl(text: string): FieldResult<{ url: string; address: HostPort }> {
  const url = URL.parse(text);
  if (url?.protocol !== 'https:' || !text.startsWith('https://') || url.hostname === '') {
    return refused('INVALID_URL', 'must be an https:// URL', 'Write it as https://gateway.example.com:8443.');
  }
  if (url.username !== '' || url.password !== '') {
    return refused(
      'CREDENTIALS_IN_URL',
      'must not contain credentials',
      'Remove the part before the @. Agents authenticate with a certificate.',
    );
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    return refused('INVALID_URL', 'must consist of only scheme, host, and port', 'Remove the path.');
  }
  if (url.port === '0') return refused('INVALID_URL', 'has an invalid port', 'Ports range from 1 to 65535.');
  const port = url.port === '' ? 443 : Number(url.port);
  return accepted({ url: url.origin, address: { host: url.hostname.replace(/^\[|\]$/g, ''), port } });
}

/** Parses the origin at which browsers reach the console. */
export function parseConsoleUrl(text: string): FieldResult<string> {
  const url = URL.parse(text);
  const isPlain = url?.protocol === 'http:' && isLoopbackHost(url.hostname);
  if (url === null || url.hostname === '' || (url.protocol !== 'https:' && !isPlain)) {
    return refused(
      'INVALID_URL',
      'must be an https:// URL; http:// is possible for a loopback address only',
      'Write it as https://gateway.example.com.',
    );
  }
  if (url.username !== '' || url.password !== '') {
    return refused('CREDENTIALS_IN_URL', 'must not contain credentials', 'Remove the part before the @.');
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    return refused(
      'INVALID_URL',
      'must consist of only scheme, host, and port',
      'Remove the path: the console is at /console/.',
    );
  }
  return accepted(url.origin);
}

/** Parses the issuer of an OpenID Connect provider, which must be written exactly as the provider does. */
export function parseIssuer(text: string): FieldResult<string> {
  const url = URL.parse(text);
  const isPlain = url?.protocol === 'http:' && isLoopbackHost(url.hostname);
  if (url === null || url.hostname === '' || (url.protocol !== 'https:' && !isPlain)) {
    return refused(
      'INVALID_URL',
      'must be an https:// URL; http:// is possible for a loopback address only',
      'Write it as the provider does: https://login.example.com/realms/main.',
    );
  }
  if (url.username !== '' || url.password !== '') {
    return refused('CREDENTIALS_IN_URL', 'must not contain credentials', 'Remove the part before the @.');
  }
  if (url.search !== '' || url.hash !== '') {
    return refused('INVALID_URL', 'must not have a query or a fragment', 'Remove the part after the path.');
  }
  return accepted(text);
}

/** Parses `env`, `none`, or the URL of an HTTP proxy. */
export function parseProxy(text: string): FieldResult<string> {
  if (text === 'env' || text === 'none') return accepted(text);
  return ofScheme(text, ['http:', 'https:'], {
    message: 'must be env, none, or the URL of a proxy',
    suggestion: 'Write it as http://user:${env:PROXY_PASSWORD}@proxy.example.com:3128.',
  });
}

/** Parses the URL that notifications are posted to. */
export function parseWebhook(text: string): FieldResult<string> {
  return ofScheme(text, ['http:', 'https:'], {
    message: 'must be an https:// URL',
    suggestion: 'Use a reference: ${env:OPS_WEBHOOK_URL}.',
  });
}

type Refusal = { readonly message: string; readonly suggestion: string };

function ofScheme(text: string, schemes: readonly string[], refusal: Refusal): FieldResult<string> {
  const url = URL.parse(text);
  const ok = schemes.some((scheme) => text.startsWith(`${scheme}//`)) && url !== null && url.hostname !== '';
  return ok ? accepted(text) : refused('INVALID_URL', refusal.message, refusal.suggestion);
}
