import type { AgentRow } from '@penstock/store';
import type { AgentMessageOf } from '@penstock/wire';
import { type FakeClock, fakeClock } from '../../../test/rig/fake-clock.ts';
import type { ObservedSession } from '../../src/data-plane-port.ts';
import { type AgentChange, Fleet } from '../../src/fleet/fleet.ts';
import { Roster } from '../../src/fleet/roster.ts';
import type { Verdict } from '../../src/fleet/standing.ts';
import type { Pin } from '../../src/pins/drift.ts';

export const SECOND = 1_000;
export const HOUR = 3_600_000;

export type SessionFields = {
  readonly agent?: string;
  readonly bootId?: string;
  readonly index?: number;
  readonly wanted?: number;
  readonly version?: number;
  readonly digest?: string;
  readonly address?: string;
};

/** A session that the test controls; `state`, `hello` and `streams` can be changed. */
export type SceneSession = { -readonly [Key in keyof ObservedSession]: ObservedSession[Key] };

export type FleetScene = {
  readonly fleet: Fleet;
  readonly roster: Roster;
  readonly clock: FakeClock;
  readonly changes: readonly AgentChange[];
  /** Verdicts the agents were sent. */
  readonly announced: readonly { readonly agent: string; readonly verdict: Verdict }[];
  /** Pins by agent id. */
  readonly pins: Map<string, Pin>;
  /** Judgments until now. */
  readonly judged: number;
  /** Judgments in each slice since `countSlices`, without the last one; after a slice the fleet waits for a turn. */
  readonly slices: readonly number[];
  countSlices(): void;
  /** Opens a session and notifies the fleet. */
  open(fields?: SessionFields): SceneSession;
  /** Ends a session or makes it drain, and notifies the fleet. */
  change(session: SceneSession, state: 'draining' | 'ended'): void;
  beat(session: SceneSession, more?: Partial<AgentMessageOf<'heartbeat'>>): void;
  /** The code of each reason that an agent has now. */
  codes(name?: string): readonly string[];
};

/** A fleet with a fake clock, agents in the store, and sessions that the test controls. */
export async function fleetScene(agents: readonly string[] = ['a1']): Promise<FleetScene> {
  const clock = fakeClock();
  const rows = agents.toSorted().map((name) => rowOf(name, clock.wall()));
  const store = {
    agents: {
      list: async ({ after }: { after: string }) => rows.filter(({ name }) => name > after),
      revokedAndUnexpired: async () => [],
    },
    identities: { notAfterOf: async () => new Map(rows.map(({ id }) => [id, clock.wall() + 24 * HOUR])) },
  };
  const roster = await Roster.load(store as unknown as Parameters<typeof Roster.load>[0], clock);
  const sessions = new Set<SceneSession>();
  const changes: AgentChange[] = [];
  const announced: { agent: string; verdict: Verdict }[] = [];
  const slices: number[] = [];
  let judged = 0;
  let sliceBegan = 0;
  const pins = new Map<string, Pin>();
  const fleet = new Fleet({
    roster,
    sessionsOf: ({ id }) => [...sessions].filter(({ identity }) => identity.agentId === id),
    pinOf: ({ id }) => pins.get(id),
    // Read once for each judgment.
    limits() {
      judged += 1;
      return {
        staleAfter: 60 * SECOND,
        maxClockSkew: 30 * SECOND,
        pingTimeout: 10 * SECOND,
        certificateLifetime: 24 * HOUR,
        sessionsPerAgent: 8,
      };
    },
    clock: {
      ...clock,
      afterPoll(callback) {
        slices.push(judged - sliceBegan);
        sliceBegan = judged;
        return clock.afterPoll(callback);
      },
    },
    sampleSpacing: SECOND,
    onVerdict: ({ name }, verdict) => announced.push({ agent: name, verdict }),
  });
  fleet.onChange((change) => changes.push(change));
  let seq = 0;
  return {
    fleet,
    roster,
    clock,
    changes,
    announced,
    pins,
    get judged() {
      return judged;
    },
    slices,
    countSlices() {
      slices.length = 0;
      sliceBegan = judged;
    },
    open(fields = {}) {
      const session = sessionOf(fields, clock.wall());
      sessions.add(session);
      fleet.follow(session);
      return session;
    },
    change(session, state) {
      session.state = state;
      if (state === 'ended') sessions.delete(session);
      fleet.follow(session);
    },
    beat(session, more = {}) {
      seq += 1;
      fleet.addHeartbeat(session, clock.wall(), {
        type: 'heartbeat',
        seq,
        sentAt: clock.wall(),
        eventLoop: { p99Ms: 1, maxMs: 2 },
        streams: { open: 0, opening: 0 },
        identity: { notAfter: session.identity.notAfter },
        checks: [],
        ...more,
      });
    },
    codes: (name = 'a1') => fleet.agent(name)?.reasons.map(({ code }) => code) ?? [],
  };
}

const rowOf = (name: string, createdAt: number): AgentRow => ({
  id: name,
  name,
  pool: 'dc1',
  createdAt,
  revokedAt: null,
  revokedReason: null,
  drainedAt: null,
});

function sessionOf(fields: SessionFields, openedAt: number): SceneSession {
  const { agent = 'a1', bootId = 'boot-1', index = 0, wanted = 1, version = 12 } = fields;
  const { digest = 'sha256:twelve', address = '192.0.2.1' } = fields;
  return {
    state: 'ready',
    address,
    openedAt,
    roundTrip: undefined,
    identity: { agentId: agent, name: agent, pool: 'dc1', notAfter: openedAt + 24 * HOUR },
    streams: { open: 0, opening: 0 },
    hello: {
      type: 'hello',
      protocol: 1,
      agent: { name: agent, version: '0.1.0' },
      bootId,
      platform: { os: 'linux', arch: 'x64', node: '26.10.0' },
      config: { version, digest },
      connectors: [],
      session: { index, wanted },
    },
  };
}
