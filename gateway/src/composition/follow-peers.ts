import { type Membership, Peers, type ReplicaCertificate } from '@penstock/cluster';
import { PeerDirectory } from '../relay/peer-directory.ts';
import { type ClusterOptions, PING } from './cluster-options.ts';

/** The other replicas, and what each of them has told of its sessions, by the epoch of its process. */
export type FollowedPeers = {
  readonly peers: Peers;
  readonly directories: ReadonlyMap<string, PeerDirectory>;
};

/** Connects to every other replica, and keeps what it tells in the registry of this one. */
export function followPeers(
  scope: AsyncDisposableStack,
  options: ClusterOptions,
  key: ReplicaCertificate,
  joined: Membership,
): FollowedPeers {
  const { dataPlane, fleet, changes, clock, log } = options;
  const { registry, windows } = dataPlane;
  const directories = new Map<string, PeerDirectory>();
  let isLogFollowed = false;
  options.connectionLog.followers.onDemand((isFollowed) => {
    isLogFollowed = isFollowed;
    for (const directory of directories.values()) directory.followLog(isFollowed);
  });
  let areOpensFollowed = false;
  options.opens.onDemand((isWanted) => {
    areOpensFollowed = isWanted;
    for (const directory of directories.values()) directory.followAgentOpens(isWanted);
  });
  const peers = new Peers({
    membership: joined,
    certificate: key,
    windows,
    ping: PING,
    clock,
    follow(member) {
      const directory = new PeerDirectory({
        replica: member.id,
        registry,
        isSuspended: (agentId) => fleet.isSuspended(agentId),
        onRevision: (revision) => changes.hint(revision),
        onEvents: (published) => options.events.peerPublished(published),
        onLogEntries: (entries) => options.connectionLog.followers.receive(entries),
        onAgentOpens: (items) => {
          for (const { agent, ...counts } of items) options.opens.include(agent, counts);
        },
        onEventsLost: (stream) => options.events.peerLost(stream),
        onFailed: (error) => log('request-failed', { method: '-', path: 'replicas', error }),
        clock,
      });
      const forget = () => {
        if (directories.get(member.epoch) === directory) directories.delete(member.epoch);
      };
      directory.followLog(isLogFollowed);
      directory.followAgentOpens(areOpensFollowed);
      directories.set(member.epoch, directory);
      return {
        opened: (session) => directory.opened(session),
        received: (message) => directory.received(message),
        lost: (loss) => directory.lost(loss),
        left() {
          forget();
          return directory.left();
        },
        stop() {
          directory.stop();
          forget();
        },
      };
    },
    onConnected: ({ id: replica }) => log('replica-connected', { replica }),
    onLost: ({ id: replica }, detail) => log('replica-lost', { replica, detail }),
  });
  scope.defer(() => peers.stop());
  return { peers, directories };
}
