import type { ConditionCode } from '@penstock/api-schema';
import type { AgentMessageOf } from '@penstock/wire';
import { AgentSamples } from './agent-samples.ts';
import { type BootSession, Boots } from './boots.ts';
import { ClockReadings } from './clock-readings.ts';

type Hello = AgentMessageOf<'hello'>;
type Heartbeat = AgentMessageOf<'heartbeat'>;

/** As much of a session as the fleet looks at. */
export type FleetSession = BootSession & {
  readonly identity: {
    readonly agentId: string;
    readonly name: string;
    readonly pool: string;
    readonly notAfter: number;
  };
  readonly hello: Hello | undefined;
  readonly streams: { readonly open: number; readonly opening: number };
};

/** The last heartbeat of an agent: `at` is the time of day, `heardAt` the monotonic one. */
export type LastHeartbeat = { readonly at: number; readonly heardAt: number; readonly heartbeat: Heartbeat };

/** What one agent has told since this gateway started; it outlives the agent's sessions. */
export class AgentRecord {
  readonly id: string;
  /** Monotonic: when this gateway began to wait for a sign of life. */
  readonly awaitedSince: number;
  readonly boots = new Boots();
  readonly samples: AgentSamples;
  /** Since when each condition holds. */
  readonly since = new Map<ConditionCode, number>();
  #clock = new ClockReadings();
  #hello: Hello | undefined;
  #address: string | undefined;
  #last: LastHeartbeat | undefined;
  #failing: ReadonlySet<string> = new Set();
  #sessions: readonly FleetSession[] = [];
  #connectedAt: number | undefined;

  constructor(id: string, now: number, sampleSpacing: number) {
    this.id = id;
    this.awaitedSince = now;
    this.samples = new AgentSamples(sampleSpacing);
  }

  get clock(): ClockReadings {
    return this.#clock;
  }

  /** What was told last of versions, connectors and platform. */
  get hello(): Hello | undefined {
    return this.#hello;
  }

  get address(): string | undefined {
    return this.#address;
  }

  get last(): LastHeartbeat | undefined {
    return this.#last;
  }

  /** Connectors whose check failed, by the last heartbeat. */
  get failing(): ReadonlySet<string> {
    return this.#failing;
  }

  /** Monotonic: when the agent came, if it is there. */
  get connectedAt(): number | undefined {
    return this.#connectedAt;
  }

  /** Sessions that have introduced themselves, those that drain too. */
  get sessions(): readonly FleetSession[] {
    return this.#sessions;
  }

  /** The sessions of the agent as they are now, and the one of them that has something new to tell. */
  follow(sessions: Iterable<FleetSession>, news: FleetSession | undefined, now: number): void {
    this.#sessions = [...sessions].filter(({ hello }) => hello !== undefined);
    this.#connectedAt = this.#sessions.length === 0 ? undefined : (this.#connectedAt ?? now);
    this.boots.follow(this.#sessions, now);
    if (news?.hello === undefined) return;
    // Another process may have another clock.
    if (news.hello.bootId !== this.#hello?.bootId) this.#clock = new ClockReadings();
    this.#hello = news.hello;
    this.#address = news.address;
  }

  heard(session: FleetSession, last: LastHeartbeat): void {
    this.#last = last;
    const { at, heardAt, heartbeat } = last;
    this.#failing = new Set(
      heartbeat.checks.flatMap(({ connector, reach }) => (reach === 'ready' ? [] : [connector])),
    );
    if (session.hello !== undefined) this.boots.heard(session.hello.bootId, heardAt);
    if (heartbeat.clock !== undefined) {
      this.#clock.add({ skew: -heartbeat.clock.offset, roundTrip: heartbeat.clock.roundTrip });
    }
    const { skew, roundTrip } = this.#clock.best ?? {};
    this.samples.add({
      at,
      cpuLoad: heartbeat.cpu?.load,
      memoryAvailable: heartbeat.memory?.availableBytes,
      eventLoopP99: heartbeat.eventLoop.p99Ms,
      streams: heartbeat.streams.open,
      skew,
      roundTrip,
    });
  }
}
