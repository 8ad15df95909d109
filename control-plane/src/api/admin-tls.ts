import { type SecureContextOptions, Server as TlsServer } from 'node:tls';
import { addressRanges } from '@penstock/config-schema';
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

const isLoopback = addressRanges(['127.0.0.0/8', '::1/128']);

/** Whether what is sent to an address stays on this host. */
export function staysOnHost(host: string): boolean {
  return host === 'localhost' || isLoopback(host);
}
