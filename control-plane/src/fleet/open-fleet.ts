import { X509Certificate } from 'node:crypto';
import type { GatewayConfig } from '@penstock/config-schema';
import { type Clock, inSlices } from '@penstock/runtime';
import type { PinRow, Store } from '@penstock/store';
import { errorText } from '@penstock/wire';
import type { ObservedSession, SessionsPort } from '../data-plane-port.ts';
import type { ControlPlaneLog } from '../observe/event.ts';
import { ConfigVersions } from '../pins/config-versions.ts';
import { Pins } from '../pins/pins.ts';
import { type AgentChange, Fleet } from './fleet.ts';
import type { HealthLimits } from './judge-agent.ts';
import { areSameMembers } from './member.ts';
import { addToPinningChanges, type PinningChange, pinningChanges } from './pinning-change.ts';
import { type PoolSummary, type PoolView, poolSummaries, type StreamCounts } from './pool-view.ts';
import { Roster } from './roster.ts';
import type { Verdict } from './standing.ts';
import { Steering } from './steering.ts';
import { startTicking } from './ticking.ts';

export type FleetOptions = {
  readonly store: Store;
  readonly sessions: SessionsPort;
  readonly config: () => GatewayConfig;
  readonly clock: Clock;
  /** PEM of the certificate presented to agents. */
  readonly certificate: () => string;
  /** Clients that wait for an agent of a pool. */
  readonly waiting: (pool: string) => number;
  /** The store was read, and says that this agent is revoked. */
  readonly onRevoked: (agentId: string) => void;
  readonly log: ControlPlaneLog;
};

/** A pin and the name of its pool or agent. */
export type PinListing = PinRow & { readonly name: string };

type WireVerdict = Parameters<SessionsPort['announce']>[1];

/** The fleet, as the rest of the gateway uses it. The caller stops it before the store. */
export type OpenFleet = Pick<
  Fleet,
  | 'agentsAfter'
  | 'sessionsAfter'
  | 'listed'
  | 'stateCounts'
  | 'onDetail'
  | 'onSample'
  | 'size'
  | 'agent'
  | 'agentById'
  | 'samplesOf'
  | 'isSuspended'
  | 'checkFails'
  | 'onChange'
> & {
  readonly steering: Steering;
  readonly versions: ConfigVersions;
  readonly pins: Pins;
  /** All pins, with the names of their agents. Pins of revoked agents are omitted, because they have no effect. */
  pinListing(): readonly PinListing[];
  pools(): readonly PoolSummary[];
  /** The pools with their streams. Takes some turns of the event loop: the sessions of all agents are read. */
  poolViews(): Promise<readonly PoolView[]>;
  /** End of the certificate presented to agents, as milliseconds since 1970. */
  certificateNotAfter(): number;
  /** False when the last read of the store failed: agents that enrolled elsewhere may be missing. */
  readonly isComplete: boolean;
  /** Judges an agent whose session has just been admitted, and returns the verdict for its welcome. */
  welcome(session: ObservedSession): WireVerdict;
  /** An identity was issued. */
  issued(agent: {
    readonly id: string;
    readonly name: string;
    readonly pool: string;
    readonly notAfter: number;
  }): void;
  revoked(agentId: string): void;
  /** These agents were written to the store, here or by another gateway. Throws StoreError. */
  agentsChanged(ids: readonly string[]): Promise<void>;
  /** Pins were. Throws StoreError. */
  refreshPins(): Promise<void>;
  /** Reads all agents and pins again. Throws StoreError. */
  refresh(): Promise<void>;
  /** The configuration in force has changed. Resolves when every agent is judged by it. */
  apply(): Promise<void>;
  /** `listener` is called when a reload has changed the pinning mode of a pool, before its agents are judged by it. */
  onPinningChanged(listener: (change: PinningChange) => void): void;
  stop(): Promise<void>;
};

/** Milliseconds between two points of a sparkline. */
const SAMPLE_SPACING_MS = 1_000;
const NO_STREAMS: StreamCounts = { open: 0, opening: 0 };

/** Opens the fleet over an open store. Throws StoreError. */
export async function openFleet(options: FleetOptions): Promise<OpenFleet> {
  const { store, sessions, config, clock, log, waiting, certificate, onRevoked } = options;
  const roster = await Roster.load(store, clock);
  const hasPool = (name: string) => config().pools.some((pool) => pool.name === name);
  const pins = await Pins.load(store, (name) => config().pools.find((pool) => pool.name === name)?.pinning);
  const fleet = new Fleet({
    roster,
    sessionsOf: ({ id }) => sessions.sessionsOfAgent(id),
    pinOf: (member) => pins.of(member),
    limits: () => limitsOf(config()),
    clock,
    sampleSpacing: SAMPLE_SPACING_MS,
    onVerdict: ({ id }, verdict) => sessions.announce(id, toWire(verdict)),
  });
  const follow = (session: ObservedSession) => void fleet.follow(session);
  const stopObserving = sessions.observe({
    opened: follow,
    changed: follow,
    ended: follow,
    upgradeStatus: ({ identity }, { upgrade }) => fleet.setUpgrade(identity.agentId, upgrade),
    heartbeat: (session, { at, heartbeat }) => fleet.addHeartbeat(session, at, heartbeat),
  });
  const stopLogging = fleet.onChange((change) => logChange(change, log));
  const refreshPins = oneAtATime(async () => {
    if (await pins.refresh()) await fleet.judgeAll();
  });
  const refresh = oneAtATime(async () => {
    await roster.refresh({
      isConnected: ({ id }) => fleet.sessionsOf(id).length > 0,
      // The request that revoked it may have failed although its transaction was committed.
      onRevoked: ({ id }) => onRevoked(id),
      onRemoved: (member) => fleet.forget(member),
    });
    fleet.judgeDue();
    // A pin, likewise.
    await refreshPins();
  });
  const ticking = startTicking({
    clock,
    judge: () => fleet.judgeDue(),
    refresh,
    onFailed: (error) => log('store-failed', { detail: errorText(error) }),
  });
  const pools = () => poolSummaries(config().pools, (name) => fleet.countsOf(name), waiting);
  /** By whose pinning modes the agents are judged. */
  let applied = config();
  const pinningListeners: ((change: PinningChange) => void)[] = [];
  const certificateNotAfter = () => new X509Certificate(certificate()).validToDate.getTime();
  return {
    agentsAfter: (cursor) => fleet.agentsAfter(cursor),
    sessionsAfter: (cursor, filter) => fleet.sessionsAfter(cursor, filter),
    get size() {
      return fleet.size;
    },
    listed: (order, after) => fleet.listed(order, after),
    onDetail: (listener) => fleet.onDetail(listener),
    onSample: (listener) => fleet.onSample(listener),
    get stateCounts() {
      return fleet.stateCounts;
    },
    agent: (name) => fleet.agent(name),
    agentById: (id) => fleet.agentById(id),
    samplesOf: (id) => fleet.samplesOf(id),
    isSuspended: (id) => fleet.isSuspended(id),
    checkFails: (id, connector) => fleet.checkFails(id, connector),
    onChange: (listener) => fleet.onChange(listener),
    steering: new Steering({ store, fleet, roster, pins, hasPool, clock: clock.wall }),
    versions: new ConfigVersions(store, hasPool, clock.wall),
    pins,
    pinListing: () =>
      pins.all.flatMap((row) => {
        if (row.scope === 'pool') return [{ ...row, name: row.subject }];
        const agent = roster.get(row.subject);
        return agent === undefined || agent.revokedAt !== undefined ? [] : [{ ...row, name: agent.name }];
      }),
    pools,
    async poolViews() {
      const streams = new Map<string, StreamCounts>();
      const add = ({ identity: { pool }, streams: { open, opening } }: ObservedSession) => {
        const sum = streams.get(pool) ?? NO_STREAMS;
        streams.set(pool, { open: sum.open + open, opening: sum.opening + opening });
      };
      await inSlices(fleet.sessions(), add, clock);
      return pools().map((pool) => ({ ...pool, streams: streams.get(pool.name) ?? NO_STREAMS }));
    },
    certificateNotAfter,
    get isComplete() {
      return ticking.isFresh;
    },
    welcome: (session) => toWire(fleet.follow(session)),
    issued({ id, name, pool, notAfter }) {
      const known = roster.get(id);
      const enrolledAt = known?.enrolledAt ?? clock.wall();
      fleet.update(roster.put({ id, name, pool, enrolledAt, identityNotAfter: notAfter }));
    },
    revoked(id) {
      const member = roster.get(id);
      if (member !== undefined) fleet.update(roster.put({ ...member, revokedAt: clock.wall() }));
    },
    refresh,
    refreshPins,
    async agentsChanged(ids) {
      for (const { member, known } of await roster.read(ids)) {
        if (known !== undefined && areSameMembers(known, member)) continue;
        fleet.update(roster.put(member));
        if (member.revokedAt !== undefined && known?.revokedAt === undefined) onRevoked(member.id);
      }
    },
    async apply() {
      const before = applied;
      applied = config();
      const changes = pinningChanges(before.pools, applied.pools);
      if (changes.length > 0) {
        await inSlices(fleet.agentsAfter(''), (agent) => addToPinningChanges(changes, agent), clock);
      }
      for (const change of changes) {
        logPinningChange(change, log);
        for (const listener of pinningListeners) listener(change);
      }
      await fleet.judgeAll();
    },
    onPinningChanged: (listener) => void pinningListeners.push(listener),
    async stop() {
      stopObserving();
      await ticking.stop();
      await fleet.stop();
      stopLogging();
    },
  };
}

/** A function that runs `work` after what it has started before, whether that succeeded or not. */
function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let last = Promise.resolve();
  return () => {
    const next = last.then(work, work);
    last = next.catch(() => {});
    return next;
  };
}

function limitsOf({ health, tunnel, identity }: GatewayConfig): HealthLimits {
  const { staleAfter, maxClockSkew } = health;
  return {
    staleAfter,
    maxClockSkew,
    pingTimeout: tunnel.pingTimeout,
    certificateLifetime: identity.certificateLifetime,
    sessionsPerAgent: tunnel.sessionsPerAgent,
  };
}

function toWire({ pin, state }: Verdict): WireVerdict {
  if (pin === undefined) return { agentState: state };
  const { mode, version, digest } = pin;
  return { agentState: state, pin: { mode, version, digest } };
}

function logPinningChange(
  { pool, from, to, agents, differing, quarantinedTotal, released }: PinningChange,
  log: ControlPlaneLog,
): void {
  log('pinning-changed', { pool, from, to, agents, differing, quarantined: quarantinedTotal, released });
}

function logChange({ agent, before }: AgentChange, log: ControlPlaneLog): void {
  const was = before?.[0];
  // The state in which the gateway finds an agent when it starts is not a change.
  if (was === undefined || (was.state === agent.state && was.code === agent.code)) return;
  const { name, pool, id, state, code, detail } = agent;
  log('agent-state-changed', { agent: name, pool, agentId: id, state, before: was.state, code, detail });
}
