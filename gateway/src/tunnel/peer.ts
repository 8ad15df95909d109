import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { type AgentIdentity, type ProblemCode, ProblemError, readAgentIdentity } from '@penstock/wire';

/** The peer of a connection. Its certificate is optional in TLS; each route decides whether it needs one. */
export type Peer =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'refused'; readonly code: ProblemCode }
  /** Its certificate was issued by the agent CA and has expired: it can be renewed at most. */
  | { readonly kind: 'expired'; readonly identity: AgentIdentity }
  | { readonly kind: 'agent'; readonly identity: AgentIdentity };

/** Reads the peer's certificate after the handshake. */
export function readPeer(
  socket: TLSSocket,
  organization: string,
  authority: Pick<X509Certificate, 'publicKey'>,
): Peer {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return { kind: 'anonymous' };
  // Declared as Error, but authorizationError is the code string of OpenSSL's verification.
  const problem: unknown = socket.authorizationError;
  if (problem === 'CERT_HAS_EXPIRED') {
    const identity = certificate.verify(authority.publicKey) ? readAgentIdentity(certificate) : undefined;
    // OpenSSL reports the last of its errors: an expired certificate may be one that nobody here has signed.
    if (identity?.organization === organization) return { kind: 'expired', identity };
    return { kind: 'refused', code: 'IDENTITY_UNKNOWN' };
  }
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
  if (peer.kind === 'expired') throw new ProblemError('IDENTITY_EXPIRED');
  // The connection may outlive the certificate, but a new request may not.
  if (peer.identity.notAfter < Date.now()) throw new ProblemError('IDENTITY_EXPIRED');
  if (isRevoked(peer.identity)) throw new ProblemError('IDENTITY_REVOKED');
  return peer.identity;
}

/**
 * The identity of a peer that requests a renewal: the control plane decides whether one that has expired can have it. Throws
 * ProblemError.
 */
export function renewableIdentity(
  peer: Peer,
  isRevoked: (identity: AgentIdentity) => boolean,
): AgentIdentity {
  if (peer.kind === 'anonymous' || peer.kind === 'refused') return requireIdentity(peer, isRevoked);
  if (isRevoked(peer.identity)) throw new ProblemError('IDENTITY_REVOKED');
  return peer.identity;
}
