import { setGlobalProxyFromEnv } from 'node:http';

type Environment = Readonly<Record<string, string | undefined>>;

/** The spellings that Node's lists of exceptions match; a range matches requests of node:http only. */
const LOOPBACK = ['localhost', '127.0.0.1', '::1', '[::1]', '127.0.0.1-127.255.255.255'] as const;

/**
 * Makes requests to loopback and to `hosts` bypass the proxy that NODE_USE_ENV_PROXY or --use-env-proxy makes Node use: what
 * runs on this host cannot be reached through a proxy elsewhere. Node itself exempts only what NO_PROXY lists.
 */
export function exemptFromProxy(environment: Environment, hosts: readonly string[] = []): void {
  if (!usesProxy(environment)) return;
  const listed = environment['no_proxy'] || environment['NO_PROXY'] || '';
  const exceptions = [listed, ...LOOPBACK, ...hosts].filter((each) => each !== '').join(',');
  setGlobalProxyFromEnv({ ...environment, no_proxy: exceptions, NO_PROXY: exceptions });
}

function usesProxy(environment: Environment): boolean {
  const options = (environment['NODE_OPTIONS'] ?? '').split(/\s+/);
  if (options.includes('--no-use-env-proxy')) return false;
  return environment['NODE_USE_ENV_PROXY'] === '1' || options.includes('--use-env-proxy');
}
