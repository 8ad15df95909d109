import { X509Certificate } from 'node:crypto';
import type { GatewayConfig } from '@penstock/config-schema';
import type { Clock } from '@penstock/runtime';
import type { PinRow, Store } from '@penstock/store';
import { errorText, SOFTWARE_VERSION } from '@penstock/wire';
import type { ObservedSession, SessionsPort } from '../data-plane-port.ts';
import type { ControlPlaneLog } from '../observe/event.ts';
import { ConfigVersions } from '../pins/config-versions.ts';
import { Pins } from '../pins/pins.ts';
import type { AgentView } from './agent-view.ts';
import { type AgentChange, Fleet, type Verdict } from './fleet.ts';
import type { GatewayHealth } from './gateway-health.ts';
import type { HealthLimits } from './judge-agent.ts';
import { countStates, type PoolView, poolViews } from './pool-view.ts';
import { Roster } from './roster.ts';
import { Steering } from './steering.ts';
import { startTicking } from './ticking.ts';

export type FleetOptions = {
  readonly store: Store;
  readonly sessions: SessionsPort;
  readonly config: () => GatewayConfig;
  readonly clock: Clock;
  readonly epoch: string;
  /** PEM of the certificate that is shown to agents now. */
  readonly certificate: () => string;
  /** Clients that wait for an agent of a pool. */
  readonly waiting: (pool: string) => number;
  /** The store says that this agent is revoked. Called again for each reading of it. */
  readonly onRevoked: (agentId: string) => void;
  readonly log: ControlPlaneLog;
};

/** A pin and the name of whom it is for. */
export type PinListing = PinRow & { readonly name: string };

type WireVerdict = Parameters<SessionsPort['announce']>[1];

/** The fleet, as the rest of the gateway has it. The caller stops it before the store. */
export type OpenFleet = Pick<
  Fleet,
  'agents' | 'agent' | 'samplesOf' | 'isSuspended' | 'checkFails' | 'onChange'
> & {
  readonly steering: Steering;
  readonly versions: ConfigVersions;
  readonly pins: Pins;
  /** Pins by whom they are for, agents by their names; without those of revoked agents, which hold for nobody. */
  pinListing(): readonly PinListing[];
  /** Of the agents that the caller has read already, where it has. */
  pools(agents?: readonly AgentView[]): readonly PoolView[];
  gateway(): GatewayHealth;
  /** End of the certificate that agents are shown, as milliseconds since 1970. */
  certificateNotAfter(): number;
  /** False when the store did not answer the last time: agents that enrolled elsewhere since are missing. */
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
  /** The configuration in force has changed. */
  apply(): void;
  stop(): Promise<void>;
};

const SAMPLE_SPACING = 1_000;

/** Opens the fleet over an open store. Throws StoreError. */
export async function openFleet(options: FleetOptions): Promise<OpenFleet> {
  const { store, sessions, config, clock, log, waiting, epoch, certificate, onRevoked } = options;
  const roster = await Roster.load(store, clock.wall);
  const hasPool = (name: string) => config().pools.some((pool) => pool.name === name);
  const pins = await Pins.load(store, (name) => config().pools.find((pool) => pool.name === name)?.pinning);
  const fleet = new Fleet({
    roster,
    sessionsOf: ({ id }) => sessions.sessionsOfAgent(id),
    pinOf: (member) => pins.of(member),
    limits: () => limitsOf(config()),
    clock,
    sampleSpacing: SAMPLE_SPACING,
    onVerdict: ({ id }, verdict) => sessions.announce(id, toWire(verdict)),
  });
  const follow = (session: ObservedSession) => void fleet.follow(session);
  const stopObserving = sessions.observe({
    opened: follow,
    changed: follow,
    ended: follow,
    heartbeat: (session, { at, heartbeat }) => fleet.heard(session, at, heartbeat),
  });
  const stopLogging = fleet.onChange((change) => logChange(change, log));
  const startedAt = clock.wall();
  const ticking = startTicking({
    clock,
    judge: () => fleet.judgeAll(),
    async refresh() {
      await roster.refresh();
      // A revocation whose answer the store owed is on record all the same, and must be in force.
      for (const { id, revokedAt } of [...roster.members]) if (revokedAt !== undefined) onRevoked(id);
      // A pin likewise. The next judging tells the agents that have another one now.
      await pins.refresh();
    },
    onFailed: (error) => log('store-failed', { detail: errorText(error) }),
  });
  const certificateNotAfter = () => new X509Certificate(certificate()).validToDate.getTime();
  return {
    agents: () => fleet.agents(),
    agent: (name) => fleet.agent(name),
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
    pools: (agents = fleet.agents()) => poolViews(config().pools, agents, waiting),
    certificateNotAfter,
    gateway() {
      const notAfter = certificateNotAfter();
      const { pools, health } = config();
      const agents = fleet.agents();
      return {
        startedAt,
        epoch,
        version: SOFTWARE_VERSION,
        certificateNotAfter: notAfter,
        certificateExpiring: notAfter - clock.wall() < health.certificateExpiry,
        agents: countStates(agents),
        waiting: pools.reduce((sum, { name }) => sum + waiting(name), 0),
        opening: agents.reduce((sum, { streams }) => sum + streams.opening, 0),
      };
    },
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
    apply: () => fleet.judgeAll(),
    async stop() {
      stopObserving();
      stopLogging();
      await ticking.stop();
    },
  };
}

function limitsOf({ health, tunnel, identity }: GatewayConfig): HealthLimits {
  const { staleAfter, skew } = health;
  return {
    staleAfter,
    skew,
    pingTimeout: tunnel.pingTimeout,
    certificateLifetime: identity.certificateLifetime,
  };
}

function toWire({ pin, state }: Verdict): WireVerdict {
  if (pin === undefined) return { agentState: state };
  const { mode, version, digest } = pin;
  return { agentState: state, pin: { mode, version, digest } };
}

function logChange({ agent, before }: AgentChange, log: ControlPlaneLog): void {
  const was = before?.[0];
  // Who is away when the gateway starts is no news.
  if (was === undefined || (was.state === agent.state && was.code === agent.code)) return;
  const { name, pool, id, state, code, detail } = agent;
  log('agent-state-changed', { agent: name, pool, agentId: id, state, before: was.state, code, detail });
}
