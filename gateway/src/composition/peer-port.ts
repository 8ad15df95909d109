import type { AddressInfo } from 'node:net';
import {
  type Membership,
  openPeerListener,
  type PeerService,
  type ReplicaCertificate,
  type ReplicaState,
} from '@penstock/cluster';
import { IdleWaiters } from '@penstock/runtime';
import { servePeer } from '../relay/serve-peer.ts';
import { type ClusterOptions, PING } from './cluster-options.ts';
import { namingAddress } from './listening.ts';

/** Serves the other replicas: what they relay to the sessions here, and what they want to know. */
export type PeerPort = {
  readonly address: AddressInfo;
  /** Closes the connections of replicas that are no longer members. */
  closeFormerPeers(): void;
  /** Resolves when nothing is relayed for other replicas. */
  idle(): Promise<void>;
};

/**
 * Listens on `cluster.listen`. `membership` returns undefined until this replica has joined: nobody is served before.
 * Rejects when it cannot be listened on.
 */
export async function openPeerPort(
  scope: AsyncDisposableStack,
  options: ClusterOptions,
  key: ReplicaCertificate,
  membership: () => Membership | undefined,
): Promise<PeerPort> {
  const { config, dataPlane, ingresses, changes, epoch } = options;
  const { registry, windows } = dataPlane;
  const { cluster } = config();
  if (cluster === undefined) throw new TypeError('The configuration has no cluster.');
  const services = new Set<PeerService & { readonly isIdle: boolean }>();
  const idle = new IdleWaiters(() => [...services].every(({ isIdle }) => isIdle));
  const listener = await namingAddress('cluster.listen', cluster.listen, () =>
    openPeerListener({
      listen: cluster.listen,
      certificate: key,
      epoch,
      windows,
      ping: PING,
      replicaOf: (isKey) => membership()?.members.find(({ spki }) => isKey(spki))?.id,
      // It may have joined after the store was last read.
      onUnknownKey: () => void membership()?.refresh(),
      serve(_replicaId, peer) {
        const service = servePeer({
          registry,
          sources: publisherSources(options, () => membership()?.self.state ?? 'running'),
          resumeLimits: () => ({ for: config().resume.for, closed: config().resume.reconnectTimeout }),
          request: (session, message, signal) => options.requests.forward(session, message, signal),
          cancel: (cancel, signal) => ingresses.cancelPorts.forward(cancel, signal),
          answer: options.answer,
          connectionLog: options.connectionLog.followers,
          events: options.events,
          opens: () => dataPlane.outcomes.report(),
          agentOpens: options.opens,
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
  return {
    address: listener.address,
    closeFormerPeers: () => listener.closeFormerPeers(),
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
