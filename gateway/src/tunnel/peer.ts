import type { TLSSocket } from 'node:tls';
import { type AgentIdentity, type ProblemCode, ProblemError, readAgentIdentity } from '@penstock/wire';

/** What TLS says of the peer. TLS only asks for a certificate; each route decides what it needs. */
export type Peer =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'refused'; readonly code: ProblemCode }
  | { readonly kind: 'agent'; readonly identity: AgentIdentity };

/** Reads the peer's certificate, once, after the handshake. */
export function readPeer(socket: TLSSocket, organization: string): Peer {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return { kind: 'anonymous' };
  // authorizationError is the code of OpenSSL's verification, though its type says Error.
  const problem: unknown = socket.authorizationError;
  if (problem === 'CERT_HAS_EXPIRED') return { kind: 'refused', code: 'IDENTITY_EXPIRED' };
  if (!socket.authorized) return { kind: 'refused', code: 'IDENTITY_UNKNOWN' };
  const identity = readAgentIdentity(certificate);
  if (identity === undefined || identity.organization !== organization) {
    return { kind: 'refused', code: 'IDENTITY_UNKNOWN' };
  }
  return { kind: 'agent', identity };
}

/** The identity of a peer whose request needs one. Throws ProblemError. */
export function requireIdentity(peer: Peer, isRevoked: (identity: AgentIdentity) => boolean): AgentIdentity {
  if (peer.kind === 'anonymous') throw new ProblemError('IDENTITY_REQUIRED');
  if (peer.kind === 'refused') throw new ProblemError(peer.code);
  // A session may outlive its certificate; a new request on it may not.
  if (peer.identity.notAfter < Date.now()) throw new ProblemError('IDENTITY_EXPIRED');
  if (isRevoked(peer.identity)) throw new ProblemError('IDENTITY_REVOKED');
  return peer.identity;
}
