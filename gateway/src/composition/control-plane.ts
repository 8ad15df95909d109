import type { GatewayConfig } from '@penstock/config-schema';
import {
  AgentOpens,
  ChangeFeed,
  type ControlPlaneLog,
  Grants,
  type Identity,
  type Leadership,
  LeasedLeadership,
  lifeOf,
  type OpenFleet,
  openFleet,
  openIdentity,
  PendingAgentRequests,
  soleLeadership,
  startForgetting,
} from '@penstock/control-plane';
import { type Clock, systemClock } from '@penstock/runtime';
import type { Store } from '@penstock/store';
import { errorText, TunnelError } from '@penstock/wire';
import type { DataPlane } from './data-plane.ts';
import type { GatewayLog } from './event-catalogue.ts';
import { followChanges } from './follow-changes.ts';
import { openGatewayStore } from './gateway-store.ts';
import { lockDataDirectory } from './lock-data-directory.ts';
import type { SharedClock } from './shared-clock.ts';

/**
 * Locks the data directory, opens the store, and logs its outages. Only `init` creates a store: a gateway that started with an
 * empty one would accept revoked agents again. Throws DirectoryLockError or StoreError.
 */
export async function openControlPlaneStore(
  scope: AsyncDisposableStack,
  config: GatewayConfig,
  log: GatewayLog,
): Promise<Store> {
  scope.use(await lockDataDirectory(config.dataDirectory, log));
  const store = await openGatewayStore(config);
  scope.defer(() => store.close());
  store.health.watch((outage) => {
    if (outage === undefined) log('store-recovered');
    else log('store-failed', { outage: outage.kind, detail: outage.detail });
  });
  return store;
}

/**
 * Which gateway leads, and the date of the database for all. The embedded store has one gateway and the date of its host.
 * Throws StoreError.
 */
export async function openLeadership(
  scope: AsyncDisposableStack,
  { store, config, epoch, log, time }: LeadershipStageOptions,
): Promise<Leadership> {
  if (config.store === undefined) return soleLeadership;
  const leadership = await LeasedLeadership.open({
    store,
    epoch,
    // Leases last on the clock of the host: that of the database is what they find out.
    clock: systemClock,
    onClockOffset: (milliseconds) => time.setOffset(milliseconds),
    onFailed: (error) => log('store-failed', { detail: errorText(error) }),
  });
  scope.defer(() => leadership.stop());
  leadership.onChange((isLeader) => log(isLeader ? 'leader-elected' : 'leader-resigned'));
  if (leadership.isLeader) log('leader-elected');
  leadership.addDuty(() => store.leases.prune(lifeOf(''), ABANDONED_LEASE_MS));
  leadership.addDuty(async () => {
    await store.replicas.prune(ABANDONED_LEASE_MS);
  });
  return leadership;
}

export type LeadershipStageOptions = {
  readonly store: Store;
  readonly config: Pick<GatewayConfig, 'store'>;
  readonly epoch: string;
  readonly log: GatewayLog;
  readonly time: SharedClock;
};

const ABANDONED_LEASE_MS = 3_600_000;

export type ControlPlaneOptions = {
  readonly store: Store;
  readonly config: () => GatewayConfig;
  readonly dataPlane: Pick<DataPlane, 'elsewhere' | 'registry' | 'routes' | 'queue' | 'resumer' | 'grants'>;
  /** PEM of the certificate presented to agents. */
  readonly certificate: () => string;
  readonly leadership: Pick<Leadership, 'isLeader'>;
  /** New at each start. */
  readonly epoch: string;
  readonly clock: Clock;
  readonly log: ControlPlaneLog;
};

/** What the control plane keeps for agents (identities, state, and pending requests) and for clients (grants). */
export type ControlPlane = {
  readonly identity: Identity;
  readonly fleet: OpenFleet;
  readonly requests: PendingAgentRequests;
  readonly grants: Grants;
  /** What this and other gateways write to the store. */
  readonly changes: ChangeFeed;
  /** The opens of each agent, by which rollouts judge it. */
  readonly opens: AgentOpens;
};

/**
 * Opens identities, fleet and grants over an open store, and connects them to the data plane. Throws IdentityFileError
 * or StoreError.
 */
export async function openControlPlane(
  scope: AsyncDisposableStack,
  { store, config, dataPlane, certificate, leadership, epoch, clock, log }: ControlPlaneOptions,
): Promise<ControlPlane> {
  const { dataDirectory, organization } = config();
  const { registry, queue, resumer, grants: active } = dataPlane;
  // Before anything is read: what others change meanwhile is read again.
  const changes = await ChangeFeed.open({
    store,
    clock,
    onFailed: (error) => log('store-failed', { detail: errorText(error) }),
  });
  scope.defer(() => changes.stop());
  const requests = new PendingAgentRequests((agentId) => registry.sessionsOfAgent(agentId));
  registry.observe({
    ended: (session) => requests.sessionEnded(session),
    result: (session, result) => requests.answered(session, result),
    progress: (session, progress) => requests.progressed(session, progress),
  });
  const identity = await openIdentity({
    store,
    config,
    agentCa: config().agentCa,
    epoch: config().store === undefined ? undefined : epoch,
    dataDirectory,
    organization,
    presence: (agentId) => registry.presence(agentId),
    clock: clock.wall,
    onPruneFailed: (error) => log('store-failed', { detail: errorText(error) }),
  });
  scope.defer(() => identity.stop());
  identity.revocation.onRevoked((agentId) => {
    registry.endAgent(agentId, new TunnelError('IDENTITY_REVOKED'));
    // Its connections that have no session would wait for one in vain.
    resumer.endAgent(agentId, new TunnelError('SESSION_LOST', 'The agent was revoked.'));
  });
  const fleet = await openFleet({
    store,
    sessions: registry,
    config,
    clock,
    certificate,
    waiting: (pool) => queue.depth(pool),
    onRevoked: (agentId) => identity.revocation.apply(agentId),
    log,
  });
  scope.defer(() => fleet.stop());
  identity.revocation.onRevoked((agentId) => fleet.revoked(agentId));
  scope.defer(
    startForgetting({
      fleet,
      forget: (agentId) => identity.revocation.forget(agentId, { id: 'forget-after' }),
      forgetAfter: (pool) => config().pools.find(({ name }) => name === pool)?.forgetAfter ?? 0,
      isLeader: () => leadership.isLeader,
      isWhole: () => dataPlane.elsewhere.isWhole,
      clock,
      log,
    }),
  );
  scope.defer(() => active.close());
  const grants = await Grants.open({
    store,
    active,
    clock: clock.wall,
    connections: () => config().connections.map(({ name }) => name),
  });
  followChanges(changes, { store, identity, fleet, grants });
  changes.start();
  return { identity, fleet, requests, grants, changes, opens: new AgentOpens() };
}
