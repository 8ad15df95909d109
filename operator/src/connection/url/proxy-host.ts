import type { Recipe } from './recipe.ts';
import { type Blanks, hostPort, type WayOf } from './way-in.ts';

type Proxy = WayOf<'socks5'> | WayOf<'httpConnect'>;

/** Where a client asks a proxy to go: the connector's own address, or else the name of the connection. */
export function askedFor({ connection, target }: Blanks, port: number): { host: string; port: number } {
  return target ?? { host: `${connection}.penstock`, port };
}

/**
 * The same for a JVM, which sends no credentials to a SOCKS proxy: a grant stands in the host. Only a connection's name
 * takes one.
 */
export function askedForByJvm(
  way: WayOf<'socks5'>,
  blanks: Blanks,
  port: number,
): { host: string; port: number } {
  if (way.grant === 'none') return askedFor(blanks, port);
  return { host: `${blanks.connection}--${blanks.grant}.penstock`, port };
}

/** The same for a driver that resolves the host itself: an address, which people fill in where it is not known. */
export function addressAskedFor({ target }: Blanks, port: number): { host: string; port: number } {
  return target ?? { host: 'ADDRESS', port };
}

/** Such a driver cannot bring a grant in the host: it would look for it in DNS. */
export const noGrantInHost = (instead: string): Recipe => ({
  not: `The driver resolves the host itself, so no grant can stand in it. Use ${instead}, or a way in with grant: none.`,
});

/** User and password of a proxy that asks for a grant; the user says for which connection. */
export function proxyLogin(way: Proxy, { connection, grant }: Blanks): string {
  return way.grant === 'none' ? '' : `${connection}:${grant}@`;
}

export const proxyUrl = (scheme: string, way: Proxy, blanks: Blanks): string =>
  `${scheme}://${proxyLogin(way, blanks)}${hostPort(way)}`;

/** Options of a JVM for a SOCKS proxy. */
export const jvmSocks = ({ host, port }: WayOf<'socks5'>): string[] => [
  `-DsocksProxyHost=${host}`,
  `-DsocksProxyPort=${port}`,
];
