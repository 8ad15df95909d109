import { BlockList, isIP } from 'node:net';
import { type SecureContextOptions, Server as TlsServer } from 'node:tls';
import type { FastifyInstance } from 'fastify';

/** What the admin address shows. PEM both. */
export type AdminTls = { readonly certificate: string; readonly key: string };

export function secureContextOf({ certificate, key }: AdminTls): SecureContextOptions {
  return { cert: certificate, key, minVersion: 'TLSv1.2' };
}

/** Shows another certificate from the next connection on. A server without TLS stays as it is. */
export function replaceAdminTls({ server }: FastifyInstance, tls: AdminTls): void {
  // Fastify types the server as one without TLS.
  const actual: unknown = server;
  if (actual instanceof TlsServer) actual.setSecureContext(secureContextOf(tls));
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/** Whether what is sent to an address stays on this host. */
export function staysOnHost(host: string): boolean {
  const family = isIP(host);
  return family === 0 ? host === 'localhost' : loopback.check(host, family === 6 ? 'ipv6' : 'ipv4');
}
