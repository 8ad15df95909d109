import type { TLSSocket } from 'node:tls';
import { type AgentIdentity, type ProblemCode, ProblemError, readAgentIdentity } from '@penstock/wire';

/** The peer of a connection. Its certificate is optional in TLS; each route decides whether it needs one. */
export type Peer =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'refused'; readonly code: ProblemCode }
  | { readonly kind: 'agent'; readonly identity: AgentIdentity };

/** Reads the peer's certificate after the handshake. */
export function readPeer(socket: TLSSocket, organization: string): Peer {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return { kind: 'anonymous' };
  // Declared as Error, but authorizationError is the code string of OpenSSL's verification.
  const problem: unknown = socket.authorizationError;
  if (problem === 'CERT_HAS_EXPIRED') return { kind: 'refused', code: 'IDENTITY_EXPIRED' };
  if (!socket.authorized) return { kind: 'refused', code: 'IDENTITY_UNKNOWN' };
  const identity = readAgentIdentity(certificate);
  if (identity === undefined || identity.organization !== organization) {
    return { kind: 'refused', code: 'IDENTITY_UNKNOWN' };
  }
  return { kind: 'agent', identity };
}

/** The identity of a peer whose request needs one. Throws ProblemError when it has none or it is not valid. */
export function requireIdentity(peer: Peer, isRevoked: (identity: AgentIdentity) => boolean): AgentIdentity {
  if (peer.kind === 'anonymous') throw new ProblemError('IDENTITY_REQUIRED');
  if (peer.kind === 'refused') throw new ProblemError(peer.code);
  // The connection may outlive the certificate, but a new request may not.
  if (peer.identity.notAfter < Date.now()) throw new ProblemError('IDENTITY_EXPIRED');
  if (isRevoked(peer.identity)) throw new ProblemError('IDENTITY_REVOKED');
  return peer.identity;
}
