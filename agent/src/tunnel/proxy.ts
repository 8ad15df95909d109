import type { HostPort, ProxySetting } from '@penstock/config-schema';
import { GatewayError } from './gateway-error.ts';
import { isException } from './proxy-exception.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy to use, or undefined to connect directly. `env` reads HTTPS_PROXY and NO_PROXY, lower case first, like curl.
 * Throws GatewayError PROXY_INVALID for an unusable value, because a direct connection would bypass what the host's owners
 * have configured.
 */
export function proxyFor(setting: ProxySetting, target: HostPort, environment: Environment): URL | undefined {
  if (setting === 'none') return undefined;
  if (setting !== 'env') return proxyUrl(setting.reveal(), 'gateway.proxy');
  const name = environment['https_proxy'] ? 'https_proxy' : 'HTTPS_PROXY';
  const value = environment[name];
  if (value === undefined || value === '') return undefined;
  const exceptions = environment['no_proxy'] || environment['NO_PROXY'] || '';
  return isException(target, exceptions) ? undefined : proxyUrl(value, name);
}

function proxyUrl(value: string, where: string): URL {
  const url = URL.parse(value.includes('://') ? value : `http://${value}`);
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:') && areDecodable(url))
    return url;
  // The message omits the value, which may contain a password.
  throw new GatewayError(
    'PROXY_INVALID',
    `${where} is not an http:// or https:// URL. In its user and password, write @ as %40, : as %3A, / as %2F and ` +
      '% as %25.',
  );
}

function areDecodable({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username);
    decodeURIComponent(password);
    return true;
  } catch {
    return false;
  }
}
