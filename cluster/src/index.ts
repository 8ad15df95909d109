export { type Member, Membership, type MembershipOptions } from './membership.ts';
export { MessageStream } from './message-stream.ts';
export { peerLimits } from './peer-limits.ts';
export { openPeerListener, type PeerListener, type PeerService } from './peer-listener.ts';
export {
  type Counts,
  type DirectoryConnectors,
  type DirectorySession,
  type FollowerMessage,
  type OwnerMessage,
  type OwnerMessageOf,
  type RelayOpen,
  readRelayOpen,
} from './peer-message.ts';
export {
  CODE_HEADER,
  CONNECTION_HEADER,
  DETAIL_HEADER,
  OPEN_HEADER,
  peerPaths,
} from './peer-paths.ts';
export type { PeerSession } from './peer-session.ts';
export type { ReplicaCertificate } from './peer-tls.ts';
export { type PeerFollower, Peers } from './peers.ts';
export { BALANCED, percentOfMean, type RebalanceState, rebalance, type SessionSpread } from './rebalance.ts';
export type { LeaseTimes, Replica, ReplicaRow, ReplicaState, ReplicaStore } from './replica.ts';
