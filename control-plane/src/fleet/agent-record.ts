import type { AgentMessageOf, UpgradeStatus } from '@penstock/wire';
import type { ObservedSession } from '../data-plane-port.ts';
import { AgentSamples } from './agent-samples.ts';
import type { Sample } from './agent-view.ts';
import { Boots } from './boots.ts';
import { ClockReadings } from './clock-readings.ts';

type Hello = AgentMessageOf<'hello'>;
type Heartbeat = AgentMessageOf<'heartbeat'>;

/** The last heartbeat of an agent; `at` is the date of its receipt, `receivedAt` the monotonic time. */
export type LastHeartbeat = {
  readonly at: number;
  readonly receivedAt: number;
  readonly heartbeat: Heartbeat;
};

/** What one agent has reported since this gateway started; it outlives the agent's sessions. */
export class AgentRecord {
  readonly id: string;
  /** Monotonic: when this gateway began to wait for a heartbeat. */
  readonly awaitedSince: number;
  readonly boots = new Boots();
  readonly samples: AgentSamples;
  #clock = new ClockReadings();
  #hello: Hello | undefined;
  #address: string | undefined;
  #last: LastHeartbeat | undefined;
  #failing: ReadonlySet<string> = new Set();
  #sessions: readonly ObservedSession[] = [];
  #connectedAt: number | undefined;
  #upgrade: UpgradeStatus | undefined;
  #hasReported = false;

  constructor(id: string, now: number, sampleSpacing: number) {
    this.id = id;
    this.awaitedSince = now;
    this.samples = new AgentSamples(sampleSpacing);
  }

  get clock(): ClockReadings {
    return this.#clock;
  }

  /** The last hello, with the configuration as it was last reloaded. */
  get hello(): Hello | undefined {
    return this.#hello;
  }

  get address(): string | undefined {
    return this.#address;
  }

  get last(): LastHeartbeat | undefined {
    return this.#last;
  }

  /** Connectors whose check fails, by the last heartbeat. */
  get failing(): ReadonlySet<string> {
    return this.#failing;
  }

  /** Monotonic: when the agent connected; undefined without a session. */
  get connectedAt(): number | undefined {
    return this.#connectedAt;
  }

  /** Sessions that have introduced themselves, draining ones included. */
  get sessions(): readonly ObservedSession[] {
    return this.#sessions;
  }

  /** As the agent reported it last. */
  get upgrade(): UpgradeStatus | undefined {
    return this.#upgrade;
  }

  /** Whether this process of the agent has reported anything since it connected. What is known of upgrades is older until then. */
  get hasReported(): boolean {
    return this.#hasReported;
  }

  setUpgrade(upgrade: UpgradeStatus): void {
    this.#upgrade = upgrade;
    this.#hasReported = true;
  }

  /** Takes over the agent's current sessions; `changed` is the live one whose hello may be new. */
  follow(sessions: Iterable<ObservedSession>, changed: ObservedSession | undefined, now: number): void {
    this.#sessions = [...sessions].filter(({ hello }) => hello !== undefined);
    if (this.#connectedAt === undefined) this.#hasReported = false;
    this.#connectedAt = this.#sessions.length === 0 ? undefined : (this.#connectedAt ?? now);
    this.boots.follow(this.#sessions, now);
    if (changed?.hello === undefined) return;
    // Another process may have another clock, and another version reports upgrades in another way.
    if (changed.hello.bootId !== this.#hello?.bootId) {
      this.#clock = new ClockReadings();
      this.#upgrade = undefined;
      this.#hasReported = false;
    }
    this.#hello = changed.hello;
    this.#address = changed.address;
  }

  addHeartbeat(session: ObservedSession, last: LastHeartbeat): Sample {
    this.#last = last;
    this.#hasReported = true;
    const { at, receivedAt, heartbeat } = last;
    this.#upgrade = heartbeat.upgrade ?? this.#upgrade;
    this.#failing = new Set(
      heartbeat.checks.flatMap(({ connector, reach }) => (reach === 'ready' ? [] : [connector])),
    );
    if (session.hello !== undefined) this.boots.addHeartbeat(session.hello.bootId, receivedAt);
    if (heartbeat.clock !== undefined) {
      this.#clock.add({ skew: -heartbeat.clock.offset, roundTrip: heartbeat.clock.roundTrip });
    }
    const { skew, roundTrip } = this.#clock.best ?? {};
    const { cpu, memory } = heartbeat;
    const sample: Sample = {
      at,
      cpuLoad: cpu?.load,
      memoryAvailable: memory?.availableBytes,
      memoryUsed: memory && 1 - memory.availableBytes / memory.totalBytes,
      eventLoopP99: heartbeat.eventLoop.p99Ms,
      streams: heartbeat.streams.open,
      skew,
      roundTrip,
    };
    this.samples.add(sample);
    return sample;
  }
}
