import type { GatewayConfig } from '@penstock/config-schema';
import {
  Approvals,
  type ControlPlaneLog,
  type FleetEvents,
  followChannels,
  isUserOf,
  type Leadership,
  openAgentRequests,
  openAlerts,
  openHistory,
  openRollouts,
  RestartPolicies,
} from '@penstock/control-plane';
import { buildFacts } from '@penstock/release';
import type { Clock } from '@penstock/runtime';
import type { Store } from '@penstock/store';
import { errorText } from '@penstock/wire';
import { type Opens, sumOfOpens } from '../relay/opens-elsewhere.ts';
import type { ControlPlane } from './control-plane.ts';
import type { DataPlane } from './data-plane.ts';
import { latestRelease } from './latest-release.ts';
import { requireRelease } from './require-release.ts';

/** Other replicas send their opens by agent every two seconds. */
const OPENS_DELAY_MS = 3_000;

export type OperationsOptions = {
  readonly config: () => GatewayConfig;
  readonly store: Store;
  readonly dataPlane: Pick<DataPlane, 'registry' | 'routes' | 'outcomes' | 'elsewhere'>;
  readonly controlPlane: Pick<ControlPlane, 'fleet' | 'requests' | 'opens' | 'changes'>;
  readonly leadership: Leadership;
  readonly epoch: string;
  readonly events: FleetEvents;
  /** How the opens of the clients of other replicas went. */
  readonly opensElsewhere: () => Iterable<Opens>;
  readonly clock: Clock;
  readonly log: ControlPlaneLog;
};

/** Everything that acts on the fleet by itself or for an operator, and what is recorded of it. */
export type Operations = {
  readonly approvals: Approvals;
  readonly rollouts: Awaited<ReturnType<typeof openRollouts>>['rollouts'];
  readonly agentRequests: ReturnType<typeof openAgentRequests>;
  readonly restarts: RestartPolicies;
  readonly alerts: Awaited<ReturnType<typeof openAlerts>>;
  readonly history: ReturnType<typeof openHistory>;
  /** The opens of every connection, those of the clients of other replicas included. */
  readonly openOutcomes: () => ReturnType<typeof sumOfOpens>;
};

/** Opens approvals, rollouts, restart policies, alerts and the history of the fleet. Throws StoreError. */
export async function openOperations(
  scope: AsyncDisposableStack,
  options: OperationsOptions,
): Promise<Operations> {
  const { config, store, dataPlane, controlPlane, leadership, epoch, events, clock, log } = options;
  const { registry, routes, outcomes } = dataPlane;
  const { fleet, requests, opens } = controlPlane;
  // Clients of all replicas count: one of them evaluates alerts, and any may be asked what needs attention.
  const openOutcomes = () => sumOfOpens(outcomes.report(), options.opensElsewhere());
  const approvals = await Approvals.open({
    store,
    needs: (pool) => routes.pool(pool)?.requireApproval ?? [],
    agentId: (name) => fleet.agent(name)?.id,
    isOidcUser: (actor) => isUserOf(config().signIn.oidc?.issuer, actor),
    events,
    clock: clock.wall,
    epoch,
    onFailed: (error) => log('store-failed', { detail: errorText(error) }),
  });
  leadership.addDuty(() => approvals.failAbandoned());
  controlPlane.changes.on(
    'approval',
    (ids) => approvals.apply(ids),
    () => {},
  );
  const releases = { dataDirectory: config().dataDirectory, rootKeys: buildFacts.rootKeys, now: clock.wall };
  const { rollouts, stop: stopRollouts } = await openRollouts({
    store,
    fleet,
    sessions: registry,
    config,
    opens,
    opensDelay: () => (config().cluster === undefined ? 0 : OPENS_DELAY_MS),
    approvals,
    events,
    clock,
    log,
    epoch: () => leadership.epoch,
    isWhole: () => dataPlane.elsewhere.isWhole,
    requireRelease: requireRelease(releases),
  });
  scope.defer(stopRollouts);
  scope.defer(
    followChannels({
      rollouts,
      fleet,
      pools: () => config().pools,
      latestRelease: latestRelease(releases),
      isLeader: () => leadership.isLeader,
      clock,
      log,
    }),
  );
  const agentRequests = openAgentRequests({
    store,
    fleet,
    pins: fleet.pins,
    pending: requests,
    approvals,
    clock: clock.wall,
  });
  const restarts = new RestartPolicies({
    fleet,
    requests: agentRequests,
    store,
    policies: () => config().pools,
    isChanging: (pool) => rollouts.open.some(({ rollout }) => rollout.pools.includes(pool)),
    isLeader: () => leadership.isLeader,
    clock,
    log,
  });
  scope.defer(() => restarts.stop());
  const alerts = await openAlerts({
    store,
    clock,
    config,
    fleet,
    openOutcomes,
    reported: () => [...rollouts.alarms, ...restarts.alarms],
    events,
    leadership,
    isWhole: () => dataPlane.elsewhere.isWhole,
    changes: controlPlane.changes,
    log,
  });
  scope.defer(() => alerts.stop());
  const history = openHistory({ store, fleet, leadership, clock, log });
  scope.defer(() => history.stop());
  return { approvals, rollouts, agentRequests, restarts, alerts, history, openOutcomes };
}
