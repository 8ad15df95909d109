import { BlockList, isIP } from 'node:net';
import type { HostPort, ProxySetting } from '@penstock/config-schema';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy to go through, or undefined to go directly. `env` follows HTTPS_PROXY and NO_PROXY, lower case first,
 * as curl does. Throws a TypeError when the value is not an http or https URL.
 */
export function proxyFor(setting: ProxySetting, target: HostPort, environment: Environment): URL | undefined {
  if (setting === 'none') return undefined;
  if (setting !== 'env') return proxyUrl(setting.reveal());
  const value = environment['https_proxy'] || environment['HTTPS_PROXY'];
  if (value === undefined || value === '') return undefined;
  const exceptions = environment['no_proxy'] || environment['NO_PROXY'] || '';
  return isException(target, exceptions) ? undefined : proxyUrl(value);
}

function proxyUrl(value: string): URL {
  const url = URL.parse(value.includes('://') ? value : `http://${value}`);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    // The value itself may hold a password, so it is not shown.
    throw new TypeError('The proxy is not an http:// or https:// URL.');
  }
  return url;
}

/** NO_PROXY: names and their subdomains, addresses, CIDR ranges, each with an optional port; `*` for everything. */
function isException(target: HostPort, list: string): boolean {
  const host = target.host.toLowerCase();
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      if (entry.includes('/')) return isInRange(host, entry);
      const [, name = entry, port] =
        /^(?:\[?(.+?)\]?)(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry) ?? [];
      if (port !== undefined && Number(port) !== target.port) return false;
      const bare = name.toLowerCase().replace(/^\*?\./, '');
      return host === bare || host.endsWith(`.${bare}`);
    });
}

function isInRange(host: string, range: string): boolean {
  const family = isIP(host);
  const [network = '', prefix = ''] = range.split('/');
  if (family === 0 || isIP(network) !== family || !/^\d+$/.test(prefix)) return false;
  if (Number(prefix) > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), family === 4 ? 'ipv4' : 'ipv6');
  return list.check(host, family === 4 ? 'ipv4' : 'ipv6');
}
