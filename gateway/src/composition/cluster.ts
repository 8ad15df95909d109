import type { AddressInfo } from 'node:net';
import {
  Membership,
  openPeerListener,
  type PeerService,
  Peers,
  type ReplicaState,
  type ReplicaStore,
} from '@penstock/cluster';
import { formatHostPort, type GatewayConfig } from '@penstock/config-schema';
import {
  type AskReplicas,
  type ChangeFeed,
  type ConnectionLog,
  createReplicaKey,
  type FleetEvents,
  type Leadership,
  type OpenFleet,
  type PendingAgentRequests,
  type ReplicaView,
} from '@penstock/control-plane';
import { type Clock, IdleWaiters } from '@penstock/runtime';
import { SOFTWARE_VERSION } from '@penstock/wire';
import type { Ingresses } from '../ingress/ingresses.ts';
import { askPeers } from '../relay/ask-peers.ts';
import { forwardCancel } from '../relay/forward-cancel.ts';
import type { Opens } from '../relay/opens-elsewhere.ts';
import { PeerDirectory } from '../relay/peer-directory.ts';
import { Rebalancer } from '../relay/rebalancer.ts';
import { servePeer } from '../relay/serve-peer.ts';
import type { DataPlane } from './data-plane.ts';
import type { GatewayLog } from './event-catalogue.ts';
import { namingAddress } from './listening.ts';
import { replicaName } from './replica-name.ts';
import { isKnown, othersOf, replicaViews } from './replica-views.ts';

/** Milliseconds after which what is known of the members is too old to tell whether all of them can be reached. */
const STALE_MEMBERS_MS = 15_000;

export type ClusterOptions = {
  readonly config: () => GatewayConfig;
  readonly store: ReplicaStore;
  readonly dataPlane: Pick<DataPlane, 'registry' | 'windows' | 'elsewhere' | 'grants' | 'outcomes'>;
  readonly fleet: Pick<OpenFleet, 'isSuspended'>;
  readonly requests: Pick<PendingAgentRequests, 'forward'>;
  readonly ingresses: Pick<Ingresses, 'clients' | 'cancelPorts'>;
  readonly changes: Pick<ChangeFeed, 'revision' | 'hint' | 'onWritten'>;
  readonly leadership: Pick<Leadership, 'rankBy'>;
  /** Answers a question that another replica asks with `ask`. Rejects with ProblemError. */
  readonly answer: (question: unknown) => Promise<unknown>;
  readonly connectionLog: Pick<ConnectionLog, 'followers'>;
  readonly events: Pick<FleetEvents, 'follow' | 'peerPublished' | 'peerLost'>;
  readonly epoch: string;
  readonly clock: Clock;
  readonly log: GatewayLog;
};

/** This gateway as a replica of several. */
export type Cluster = {
  readonly address: AddressInfo;
  /** All replicas by name, as the store had them `age` milliseconds ago. */
  readonly replicas: readonly ReplicaView[];
  readonly age: number;
  /** The name of this replica, and how many run that are not draining. Cheap. */
  readonly self: { readonly name: string; readonly count: number };
  /** Which of the ids of connections this replica creates. */
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

/** How soon a replica that is silent is given up: it may be gone, and its agents are elsewhere by then. */
const PING = { interval: 1_000, timeout: 3_000 };

/**
 * Joins the other gateways on the store, and connects to each of them. Throws when `cluster.listen` cannot be listened
 * on, and when the store does not answer.
 */
export async function openCluster(scope: AsyncDisposableStack, options: ClusterOptions): Promise<Cluster> {
  const { config, store, dataPlane, fleet, ingresses, changes, leadership, epoch, clock, log } = options;
  const { registry, windows, elsewhere } = dataPlane;
  const { cluster, digest } = config();
  if (cluster === undefined) throw new TypeError('The configuration has no cluster.');
  const key = await createReplicaKey(clock.wall());
  const services = new Set<PeerService & { readonly isIdle: boolean }>();
  const idle = new IdleWaiters(() => [...services].every(({ isIdle }) => isIdle));
  let membership: Membership | undefined;
  const listener = await namingAddress('cluster.listen', cluster.listen, () =>
    openPeerListener({
      listen: cluster.listen,
      certificate: key,
      epoch,
      windows,
      ping: PING,
      replicaOf: (isKey) => membership?.members.find(({ spki }) => isKey(spki))?.id,
      // It may have joined after the store was last read.
      onUnknownKey: () => void membership?.refresh(),
      serve(_replicaId, peer) {
        const service = servePeer({
          registry,
          sources: publisherSources(options, () => membership?.self.state ?? 'running'),
          resumeLimits: () => ({ for: config().resume.for, closed: config().resume.reconnectTimeout }),
          request: (session, message, signal) => options.requests.forward(session, message, signal),
          cancel: (cancel, signal) => ingresses.cancelPorts.forward(cancel, signal),
          answer: options.answer,
          connectionLog: options.connectionLog.followers,
          events: options.events,
          opens: () => dataPlane.outcomes.report(),
          onWritten: (listener) => changes.onWritten(listener),
          lossOfPeer: () => peer.loss,
          onIdle: () => idle.notify(),
        });
        services.add(service);
        return {
          ...service,
          closed() {
            services.delete(service);
            service.closed();
            idle.notify();
          },
        };
      },
    }),
  );
  scope.defer(() => listener.close());
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
      configDigest: digest,
      state: 'running',
    },
    clock,
    onFailed: (detail) => log('membership-failed', { detail }),
    onRecovered: () => log('membership-recovered'),
  });
  membership = joined;
  scope.defer(() => joined.stop());
  const directories = new Map<string, PeerDirectory>();
  let isLogFollowed = false;
  options.connectionLog.followers.onDemand((isFollowed) => {
    isLogFollowed = isFollowed;
    for (const directory of directories.values()) directory.followLog(isFollowed);
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
        onEventsLost: (stream) => options.events.peerLost(stream),
        clock,
      });
      directory.followLog(isLogFollowed);
      directories.set(member.epoch, directory);
      return {
        opened: (session) => directory.opened(session),
        received: (message) => directory.received(message),
        lost: (loss) => directory.lost(loss),
        left() {
          directory.left();
          if (directories.get(member.epoch) === directory) directories.delete(member.epoch);
        },
      };
    },
    onConnected: ({ id: replica }) => log('replica-connected', { replica }),
    onLost: ({ id: replica }, detail) => log('replica-lost', { replica, detail }),
  });
  scope.defer(() => peers.stop());
  // While the store is away: the first by name of those that can reach each other.
  leadership.rankBy(() => {
    const { states } = peers;
    const first = joined.members.find(
      (member) => member.epoch === epoch || states.get(member.epoch) === 'connected',
    );
    return first === undefined || first.epoch === epoch;
  });
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
    idle: () => idle.wait(),
  };
}

function publisherSources(
  { dataPlane: { registry, grants }, ingresses, changes, epoch, clock }: ClusterOptions,
  state: () => ReplicaState,
) {
  return {
    epoch,
    sessions: () => registry.localSessions,
    state,
    revision: () => changes.revision,
    clients: () => ingresses.clients.counts(),
    grants: () => grants.uses(),
    clock,
  };
}
