import type { AlertCondition, GatewayConfig } from '@penstock/config-schema';
import { type Clock, inSlices } from '@penstock/runtime';
import { type AlertRow, type StoreOutage, storeOutages } from '@penstock/store';
import { alertConditionTexts } from '../alerts/alert-conditions.ts';
import type { ConnectionSnapshot } from '../alerts/fleet-snapshot.ts';
import type { OpenFleet } from '../fleet/open-fleet.ts';
import type { SampleHistory } from '../history/sample-history.ts';
import { AgentGroups } from './agent-groups.ts';
import {
  type AttentionConnection,
  type AttentionGroup,
  affectedConnections,
  compareGroups,
} from './attention-group.ts';
import { conditionSince } from './condition-since.ts';
import { detailOfOpens, severityOfOpens } from './failing-opens.ts';

export type AttentionSources = {
  readonly fleet: Pick<OpenFleet, 'listed' | 'pools' | 'certificateNotAfter'>;
  readonly connections: () => readonly AttentionConnection[];
  readonly openOutcomes: () => Iterable<ConnectionSnapshot>;
  /** What pools have measured: since when something is the case for which there is no alert rule. */
  readonly samples: Pick<SampleHistory, 'ofPool'>;
  readonly health: () => GatewayConfig['health'];
  readonly firing: () => readonly Pick<AlertRow, 'condition' | 'subject' | 'since'>[];
  readonly readiness: () => { readonly ready: boolean; readonly reasons: readonly string[] };
  readonly outage: () => { readonly kind: StoreOutage; readonly since: number } | undefined;
  readonly clock: Clock;
};

/** Milliseconds for which a result is used again: many pages ask, and the fleet is read for each. */
const REUSED_MS = 1_000;
/** Groups of one answer. */
const MAX_GROUPS = 200;
/** Share of the queue limit from which a queue needs attention, as for alerts. */
const QUEUE_FULL_SHARE = 0.8;

const LATEST_OPEN_FAILED = 'The latest open of a connection failed: clients may not reach its target.';

export type Attention = {
  readonly at: number;
  readonly groups: readonly AttentionGroup[];
  /** Groups that were found; more than those listed if there are very many. */
  readonly total: number;
};

/** Returns a function that finds what is wrong now, grouped, in slices of the event loop. */
export function attentionOf(sources: AttentionSources): () => Promise<Attention> {
  let last: { readonly at: number; readonly found: Promise<Attention> } | undefined;
  return () => {
    const at = sources.clock.now();
    if (last === undefined || at - last.at >= REUSED_MS) {
      const found = find(sources);
      last = { at, found };
      found.catch(() => {
        last = undefined;
      });
    }
    return last.found;
  };
}

async function find(sources: AttentionSources): Promise<Attention> {
  const { fleet, clock } = sources;
  const connections = sources.connections();
  const agents = new AgentGroups();
  await inSlices(troubled(fleet), (agent) => agents.add(agent), clock);
  const pools = fleet.pools();
  const ready = new Map(pools.map((pool) => [pool.name, pool.ready]));
  const sinceOf = (condition: AlertCondition, subject: string) =>
    sources.firing().find((alert) => alert.condition === condition && alert.subject === subject)?.since;
  const groups = [
    ...agents.groups(connections, (pool) => ready.get(pool) ?? 0),
    ...poolGroups(pools, connections, poolSince(sources, sinceOf)),
    ...connectionGroups(sources, sinceOf),
    ...gatewayGroups(sources, sinceOf),
  ].sort(compareGroups);
  return { at: clock.wall(), groups: groups.slice(0, MAX_GROUPS), total: groups.length };
}

/** Healthy agents are the last ones, and are not read. */
function* troubled(fleet: AttentionSources['fleet']) {
  for (const agent of fleet.listed('severity')) {
    if (agent.state === 'connected') return;
    yield agent;
  }
}

type SinceOf = (condition: AlertCondition, subject: string) => number | undefined;

const none = {
  state: undefined,
  pool: undefined,
  connector: undefined,
  reach: undefined,
  count: 0,
  since: undefined,
  detail: undefined,
  agents: [],
  connections: [],
  connectionsTotal: 0,
} as const;

const textOf = (condition: AlertCondition) => {
  const { message, advice } = alertConditionTexts[condition];
  return { message, advice };
};

type PoolSinceOf = (
  condition: AlertCondition,
  pool: string,
  measure: string,
  isMet: (value: number) => boolean,
) => number;

/** Since when a pool is in a condition: what its alert says, or else what was measured, or else now. */
function poolSince({ samples, clock }: AttentionSources, sinceOf: SinceOf): PoolSinceOf {
  const now = clock.wall();
  return (condition, pool, measure, isMet) => {
    const sampled = (range: 'hour' | 'day') => {
      const points = samples.ofPool(pool, range, now);
      const since = conditionSince(points, measure, isMet);
      // The whole range: a longer one knows more.
      return since === points?.from && range === 'hour' ? undefined : since;
    };
    return sinceOf(condition, `pool:${pool}`) ?? sampled('hour') ?? sampled('day') ?? now;
  };
}

function* poolGroups(
  pools: ReturnType<AttentionSources['fleet']['pools']>,
  connections: readonly AttentionConnection[],
  sinceOf: PoolSinceOf,
): Generator<AttentionGroup> {
  for (const { name, ready, minReady, queue } of pools) {
    const affected = affectedConnections(connections, { pool: name, connector: undefined });
    const common = { ...none, pool: name, ...affected };
    if (ready < minReady) {
      yield {
        ...common,
        severity: ready === 0 && affected.connectionsTotal > 0 ? 'critical' : 'warning',
        code: 'pool-below-min-ready',
        ...textOf('pool-below-min-ready'),
        since: sinceOf('pool-below-min-ready', name, 'ready', (value) => value < minReady),
        detail: `${ready} of at least ${minReady} agents are ready.`,
      };
    }
    const isNearLimit = (waiting: number) => waiting >= queue.limit * QUEUE_FULL_SHARE;
    if (queue.limit > 0 && isNearLimit(queue.waiting)) {
      yield {
        ...common,
        severity: 'critical',
        code: 'queue-near-limit',
        ...textOf('queue-near-limit'),
        since: sinceOf('queue-near-limit', name, 'waiting', isNearLimit),
        detail: `${queue.waiting} clients are waiting; the limit is ${queue.limit}.`,
      };
    }
  }
}

function* connectionGroups(
  { openOutcomes, health }: AttentionSources,
  sinceOf: SinceOf,
): Generator<AttentionGroup> {
  const {
    failingOpensPercent: percent,
    failingOpensMinimum: minimum,
    failingOpensWindow: windowMs,
  } = health();
  for (const outcome of openOutcomes()) {
    const severity = severityOfOpens(outcome, { percent, minimum, windowMs });
    if (severity === undefined) continue;
    const { connection } = outcome;
    yield {
      ...none,
      severity,
      code: 'connection-failing',
      ...textOf('connection-failing'),
      ...(severity === 'warning' && { message: LATEST_OPEN_FAILED }),
      since: sinceOf('connection-failing', `connection:${connection}`),
      detail: detailOfOpens(outcome, windowMs),
      connections: [connection],
      connectionsTotal: 1,
    };
  }
}

function* gatewayGroups(
  { fleet, health, readiness, outage, clock, connections }: AttentionSources,
  sinceOf: SinceOf,
): Generator<AttentionGroup> {
  const all = affectedConnections(connections(), { pool: undefined, connector: undefined });
  const notAfter = fleet.certificateNotAfter();
  const left = notAfter - clock.wall();
  if (left < health().certificateExpiryWarning) {
    yield {
      ...none,
      severity: left <= 0 ? 'critical' : 'warning',
      code: 'gateway-certificate-expiring',
      ...textOf('gateway-certificate-expiring'),
      since: sinceOf('gateway-certificate-expiring', 'gateway'),
      detail: `It expires at ${new Date(notAfter).toISOString()}.`,
      ...all,
    };
  }
  const failing = outage();
  if (failing !== undefined) {
    yield {
      ...none,
      severity: 'warning',
      code: 'STORE_UNAVAILABLE',
      since: failing.since,
      message: `The store of the control plane is unavailable: ${storeOutages[failing.kind]}.`,
      advice:
        'Clients are still served, and nothing can be changed. docs/api.md lists what to do for each outage.',
    };
  }
  const { ready, reasons } = readiness();
  if (ready) return;
  for (const message of reasons) {
    yield {
      ...none,
      severity: 'critical',
      code: 'GATEWAY_NOT_READY',
      message,
      advice: 'Load balancers send no clients to this gateway until /readyz is 200.',
      ...all,
    };
  }
}
