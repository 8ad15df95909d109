/** The routes of the peer port. */
export const peerPaths = {
  directory: '/v1/directory',
  relay: '/v1/relay/',
  requests: '/v1/requests/',
  cancel: '/v1/cancel',
  queries: '/v1/queries',
} as const;

/** The `:protocol` of extended CONNECT requests between replicas (RFC 8441). */
export const PEER_PROTOCOL = 'penstock-peer';

/** The process that a request is meant for: another one at the same address has none of its sessions. */
export const EPOCH_HEADER = 'penstock-epoch';
/** A relayed open, as base64url of JSON. */
export const OPEN_HEADER = 'penstock-open';
/** The connection that a relayed stream carries, if it can outlive the stream. */
export const CONNECTION_HEADER = 'penstock-connection';
/** Why a relayed open failed: its close code, and its detail as encodeURIComponent has it. */
export const CODE_HEADER = 'penstock-code';
export const DETAIL_HEADER = 'penstock-detail';

const ID = /^[A-Za-z0-9_-]{1,64}$/;

/** The id below a route; undefined when the path is not one of it. */
export function idBelow(prefix: string, path: string): string | undefined {
  if (!path.startsWith(prefix)) return undefined;
  const id = path.slice(prefix.length);
  return ID.test(id) ? id : undefined;
}
