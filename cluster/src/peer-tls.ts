import { timingSafeEqual } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { publicKeyHash } from '@penstock/wire';

/** What a replica presents to the others, made at its start. PEM both. */
export type ReplicaCertificate = { readonly certificate: string; readonly key: string };

/**
 * TLS between replicas. No authority counts, and least of all that of the agents: each end compares the key of the other
 * with the one that the store has for it. To be completed by tunnelClientTls or tunnelServerTls.
 */
export const peerTlsOptions = ({ certificate, key }: ReplicaCertificate) => ({
  cert: certificate,
  key,
  rejectUnauthorized: false,
});

/** Hexadecimal SHA-256 of the key that the peer has proved to hold; undefined when it presented none. */
export function peerKeyOf(socket: TLSSocket): string | undefined {
  const certificate = socket.getPeerX509Certificate();
  return certificate === undefined ? undefined : publicKeyHash(certificate.publicKey).toString('hex');
}

/** Compares in constant time. */
export function isSameKey(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
