import { type EndpointOf, hostPort, type Placeholders } from './ingress-endpoint.ts';
import type { Recipe } from './recipe.ts';

type Proxy = EndpointOf<'socks5'> | EndpointOf<'httpConnect'>;

/** The target that a client requests from a proxy: the connector's address if known, otherwise the connection's name. */
export function proxyTarget(
  { connection, target }: Placeholders,
  port: number,
): { host: string; port: number } {
  return target ?? { host: `${connection}.penstock`, port };
}

/**
 * The same for a JVM, which does not send credentials to a SOCKS proxy: the grant is part of the connection's name.
 */
export function jvmTarget(
  endpoint: EndpointOf<'socks5'>,
  placeholders: Placeholders,
  port: number,
): { host: string; port: number } {
  if (endpoint.grant === 'none') return proxyTarget(placeholders, port);
  return { host: `${placeholders.connection}--${placeholders.grant}.penstock`, port };
}

/** The same for a driver that resolves the host itself: an IP address, which the user fills in if it is unknown. */
export function targetAddress({ target }: Placeholders, port: number): { host: string; port: number } {
  return target ?? { host: 'ADDRESS', port };
}

/** For such a driver, the grant cannot be part of the host: the driver would look it up in DNS. */
export const noGrantInHost = (instead: string): Recipe => ({
  unsupported: `The driver resolves the host itself, so the host cannot contain a grant. Use ${instead}, or an ingress with grant: none.`,
});

/** Credentials for a proxy that requires a grant: the connection is the user. */
export function proxyLogin(endpoint: Proxy, { connection, grant }: Placeholders): string {
  return endpoint.grant === 'none' ? '' : `${connection}:${grant}@`;
}

export const proxyUrl = (scheme: string, endpoint: Proxy, placeholders: Placeholders): string =>
  `${scheme}://${proxyLogin(endpoint, placeholders)}${hostPort(endpoint)}`;

/** JVM options for a SOCKS proxy. */
export const jvmSocks = ({ host, port }: EndpointOf<'socks5'>): string[] => [
  `-DsocksProxyHost=${host}`,
  `-DsocksProxyPort=${port}`,
];
