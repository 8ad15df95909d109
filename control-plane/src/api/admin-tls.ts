import { type SecureContextOptions, Server as TlsServer } from 'node:tls';
import type { FastifyInstance } from 'fastify';

/** Certificate and key of the admin address, as PEM. */
export type AdminTls = { readonly certificate: string; readonly key: string };

export function secureContextOf({ certificate, key }: AdminTls): SecureContextOptions {
  return { cert: certificate, key, minVersion: 'TLSv1.2' };
}

/** Replaces the certificate for new connections. Has no effect on a server without TLS. */
export function replaceAdminTls({ server }: FastifyInstance, tls: AdminTls): void {
  // Fastify's type of the server does not include TLS servers.
  const actual: unknown = server;
  if (actual instanceof TlsServer) actual.setSecureContext(secureContextOf(tls));
}
