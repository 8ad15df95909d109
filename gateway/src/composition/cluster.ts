import type { AddressInfo } from 'node:net';
import { Membership, type ReplicaState } from '@penstock/cluster';
import { formatHostPort } from '@penstock/config-schema';
import { type AskReplicas, createReplicaKey, type ReplicaView } from '@penstock/control-plane';
import { SOFTWARE_VERSION } from '@penstock/wire';
import { askPeers } from '../relay/ask-peers.ts';
import { forwardCancel } from '../relay/forward-cancel.ts';
import type { Opens } from '../relay/opens-elsewhere.ts';
import type { PeerDirectory } from '../relay/peer-directory.ts';
import { Rebalancer } from '../relay/rebalancer.ts';
import type { ClusterOptions } from './cluster-options.ts';
import { followPeers } from './follow-peers.ts';
import { openPeerPort } from './peer-port.ts';
import { replicaName } from './replica-name.ts';
import { isKnown, othersOf, replicaViews } from './replica-views.ts';

/** Milliseconds after which what is known of the members is too old to tell whether all of them can be reached. */
const STALE_MEMBERS_MS = 15_000;

/** This gateway as a replica of several. */
export type Cluster = {
  readonly address: AddressInfo;
  /** All replicas by name, as the store had them `age` milliseconds ago. */
  readonly replicas: readonly ReplicaView[];
  readonly age: number;
  /** The name of this replica, and how many run that are not draining. Cheap. */
  readonly self: { readonly name: string; readonly count: number };
  /** The residue class, modulo 128, of the ids that this replica gives to connections. */
  readonly idSlot: number;
  /** How the opens of the clients of the other replicas went. */
  opensElsewhere(): Iterable<Opens>;
  /** Asks every other replica, and resolves to what each answered: undefined for one that did not. Never rejects. */
  readonly ask: AskReplicas;
  /** Sessions that were asked to go to another replica, because this one has more than its share. */
  readonly sentAway: number;
  /** Shows the others what this replica does. Never rejects. */
  update(set: { readonly state?: ReplicaState; readonly configDigest?: string }): Promise<void>;
  /** Resolves when nothing is relayed for other replicas. */
  idle(): Promise<void>;
};

/**
 * Joins the other gateways on the store, and connects to each of them. Throws when `cluster.listen` cannot be listened
 * on, and when the store does not answer.
 */
export async function openCluster(scope: AsyncDisposableStack, options: ClusterOptions): Promise<Cluster> {
  const { config, store, dataPlane, leadership, epoch, clock, log } = options;
  const { registry, elsewhere } = dataPlane;
  const { cluster, replicaDigest } = config();
  if (cluster === undefined) throw new TypeError('The configuration has no cluster.');
  const key = await createReplicaKey(clock.wall());
  let membership: Membership | undefined;
  const listener = await openPeerPort(scope, options, key, () => membership);
  const { port } = listener.address;
  const address = formatHostPort(
    cluster.advertise ?? {
      host: cluster.listen.host,
      port: cluster.listen.port === 0 ? port : cluster.listen.port,
    },
  );
  const joined = await Membership.join({
    store,
    self: {
      id: replicaName(cluster),
      epoch,
      address,
      spki: key.spki,
      version: SOFTWARE_VERSION,
      configDigest: replicaDigest,
      state: 'running',
    },
    clock,
    onFailed: (detail) => log('membership-failed', { detail }),
    onRecovered: () => log('membership-recovered'),
  });
  membership = joined;
  scope.defer(() => joined.stop());
  scope.defer(joined.onChange(() => listener.closeFormerPeers()));
  const { peers, directories } = followPeers(scope, options, key, joined);
  // While the store is away: the first by name of those that can reach each other.
  leadership.rankBy(() => {
    const { states } = peers;
    const first = joined.members.find(
      (member) => member.epoch === epoch || states.get(member.epoch) === 'connected',
    );
    return first === undefined || first.epoch === epoch;
  });
  // Of two that do not reach each other, neither knows more.
  leadership.viewBy(
    () => elsewhere.isWhole || joined.members.filter(({ isExpired }) => !isExpired).length < 3,
  );
  const sources = {
    epoch,
    members: () => joined.members,
    states: () => peers.states,
    directories,
    registry,
  };
  const sum = (count: (directory: PeerDirectory) => number) =>
    directories.values().reduce((total, directory) => total + count(directory), 0);
  elsewhere.follow({
    clientsOf: (connection) => sum((directory) => directory.clientsOf(connection)),
    usesOf: (grant) => sum((directory) => directory.usesOf(grant)),
    get isWhole() {
      return (
        joined.age < STALE_MEMBERS_MS &&
        joined.members.every(
          (member) => member.epoch === epoch || member.isExpired || isKnown(member.epoch, sources),
        )
      );
    },
    cancel: (cancel, signal) => forwardCancel([...directories.values()], cancel, signal),
  });
  scope.defer(() => elsewhere.follow(undefined));
  const rebalancer =
    cluster.rebalanceInterval === 0
      ? undefined
      : new Rebalancer({
          registry,
          others: () => (joined.self.state === 'running' ? othersOf(sources) : undefined),
          interval: cluster.rebalanceInterval,
          clock,
          onBegun: (spread) => log('rebalance-started', spread),
          onEnded: (spread) => log('rebalance-ended', spread),
        });
  scope.defer(() => rebalancer?.stop());
  log('replica-joined', { replica: joined.self.id, address });
  return {
    address: listener.address,
    get replicas() {
      return replicaViews(sources);
    },
    get age() {
      return joined.age;
    },
    get self() {
      const { id: name, state } = joined.self;
      const others = joined.members.filter(
        (member) => member.epoch !== epoch && member.state === 'running' && !member.isExpired,
      );
      return { name, count: others.length + Number(state === 'running') };
    },
    get idSlot() {
      return joined.idSlot;
    },
    opensElsewhere: () => directories.values().flatMap((directory) => directory.opens()),
    ask: (question) => askPeers([...directories.values()], question),
    get sentAway() {
      return rebalancer?.total ?? 0;
    },
    update: (set) => joined.update(set),
    idle: () => listener.idle(),
  };
}
