import type { Clock } from '@penstock/runtime';
import type { UpgradeStatus } from '@penstock/wire';
import type { ObservedSession } from '../data-plane-port.ts';
import { isInSync, type Pin } from '../pins/drift.ts';
import { AgentRecord } from './agent-record.ts';
import type { AgentView, Sample } from './agent-view.ts';
import { agentViewOf, reasonOf } from './agent-view-of.ts';
import { FleetCounts, type PoolCounts } from './fleet-counts.ts';
import { type HealthLimits, type Judged, judgeAgent } from './judge-agent.ts';
import { ListedView } from './listed-view.ts';
import type { Member } from './member.ts';
import { nextChangeOf } from './next-change.ts';
import type { Reason } from './reason.ts';
import type { Roster } from './roster.ts';
import type { FleetOrder, FleetPlace, ListedAgent, StateCounts } from './search-fleet.ts';
import { type SessionFilter, type SessionView, sessionViews } from './session-view.ts';
import { SeverityOrder } from './severity-order.ts';
import {
  areSameVerdicts,
  haveSameConditions,
  isSuspended,
  isSuspendedByPin,
  type Standing,
  type Verdict,
} from './standing.ts';
import { Sweep } from './sweep.ts';

/** A condition of an agent has begun or ended. */
export type AgentChange = {
  readonly agent: AgentView;
  /** The reasons until now; undefined for an agent that was not known before. */
  readonly before: readonly Reason[] | undefined;
};

export type FleetOptions = {
  readonly roster: Roster;
  /** The current sessions of an agent. */
  readonly sessionsOf: (member: Pick<Member, 'id' | 'pool'>) => Iterable<ObservedSession>;
  readonly pinOf: (member: Pick<Member, 'id' | 'pool'>) => Pin | undefined;
  readonly limits: () => HealthLimits;
  readonly clock: Clock;
  /** Milliseconds between two points of a sparkline, at least. */
  readonly sampleSpacing: number;
  /** The state or the pin of an agent has changed. Must not throw. */
  readonly onVerdict: (member: Member, verdict: Verdict) => void;
};

export type FleetListener = (change: AgentChange) => void;

/** Milliseconds by which the date may depart from the monotonic clock between two passes: more is a jump. */
const MAX_WALL_DRIFT_MS = 1_000;

/**
 * Every agent, with its state and the reasons for it. An agent is judged whenever one of its sessions changes or reports,
 * and by `judgeDue` when only time has passed. Nothing here waits for the store, and work on all agents is sliced: the
 * event loop also carries the bytes of clients.
 */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #records = new Map<string, AgentRecord>();
  readonly #standings = new Map<string, Standing>();
  readonly #counts = new FleetCounts();
  readonly #order = new SeverityOrder();
  readonly #listeners = new Set<FleetListener>();
  readonly #detailListeners = new Set<(name: string) => void>();
  readonly #sampleListeners = new Set<(id: string, sample: Sample) => void>();
  readonly #sweep: Sweep<Member>;
  /** Increases when pins or limits change: what was judged before is out of date. */
  #generation = 0;
  /** The date less the monotonic time. */
  #wallOffset: number;

  /** Judges every member before it returns: to be made before the gateway carries bytes. */
  constructor(options: FleetOptions) {
    const { roster, clock } = options;
    this.#options = options;
    this.#wallOffset = clock.wall() - clock.now();
    this.#sweep = new Sweep(
      () => roster.members,
      (member) => this.#judgeIfDue(member),
      clock,
    );
    for (const member of roster.members) this.#judge(member);
  }

  /**
   * Agents by name, those after `cursor`, each read when the caller reaches it. A revoked agent is listed until its name
   * has a new owner.
   */
  *agentsAfter(cursor: string): Generator<AgentView, void> {
    for (const member of this.#options.roster.after(cursor)) {
      const view = this.#viewOf(member);
      if (view !== undefined) yield view;
    }
  }

  /** The agents of a search, each read when the caller reaches it. */
  *listed(order: FleetOrder, after?: FleetPlace): Generator<ListedAgent, void> {
    const { roster, pinOf } = this.#options;
    const names = order === 'severity' ? this.#order.after(after) : roster.namesAfter(after?.name ?? '');
    for (const name of names) {
      const member = roster.named(name);
      const standing = member && this.#standings.get(member.id);
      if (member === undefined || standing === undefined) continue;
      yield new ListedView({ member, record: this.#recordOf(member) }, standing.reasons, pinOf);
    }
  }

  /** Agents that are listed, by state. */
  get stateCounts(): StateCounts {
    return this.#order.counts;
  }

  /** Agents that are listed. */
  get size(): number {
    return this.#options.roster.size;
  }

  /** Sessions by agent, those of agents with a name after `cursor`; each read when the caller reaches it. */
  *sessionsAfter(cursor: string, { agent, pool }: SessionFilter): Generator<SessionView, void> {
    const { roster } = this.#options;
    const named = agent === undefined ? undefined : roster.named(agent);
    const members =
      agent === undefined ? roster.after(cursor) : named !== undefined && agent > cursor ? [named] : [];
    for (const member of members) {
      if (pool === undefined || member.pool === pool) yield* sessionViews(this.sessionsOf(member.id));
    }
  }

  agent(name: string): AgentView | undefined {
    const member = this.#options.roster.named(name);
    return member && this.#viewOf(member);
  }

  /** The same by the id, which a name that was taken over does not have. */
  agentById(id: string): AgentView | undefined {
    const member = this.#options.roster.get(id);
    return member && this.#viewOf(member);
  }

  /** The points of an agent's sparklines, the oldest first. */
  samplesOf(id: string): readonly Sample[] {
    return this.#records.get(id)?.samples.all ?? [];
  }

  /** Sessions of an agent that have introduced themselves, draining ones included. */
  sessionsOf(id: string): readonly ObservedSession[] {
    return this.#records.get(id)?.sessions ?? [];
  }

  /** The sessions of all agents, each read when the caller reaches it. */
  *sessions(): Generator<ObservedSession, void> {
    for (const { sessions } of this.#records.values()) yield* sessions;
  }

  countsOf(pool: string): PoolCounts {
    return this.#counts.pool(pool);
  }

  /** Whether no open is routed to an agent now, whatever the state of its sessions. A new pin counts from `judgeAll` on. */
  isSuspended(id: string): boolean {
    const standing = this.#standings.get(id);
    if (standing === undefined) return false;
    if (standing.generation === this.#generation) return isSuspended(standing);
    const { member } = standing;
    return isSuspendedByPin(standing, { record: this.#recordOf(member), pin: this.#options.pinOf(member) });
  }

  /** Whether the agent's last heartbeat reported a failing check of a connector; false also when it checks nothing. */
  checkFails(id: string, connector: string): boolean {
    return this.#records.get(id)?.failing.has(connector) ?? false;
  }

  /** Calls `listener` whenever a condition of an agent begins or ends. It must not throw. Returns what unsubscribes it. */
  onChange(listener: FleetListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls `listener` with the name of an agent of which only the detail has changed. It must not throw. */
  onDetail(listener: (name: string) => void): () => void {
    this.#detailListeners.add(listener);
    return () => this.#detailListeners.delete(listener);
  }

  /** Calls `listener` with what each heartbeat of an agent has measured. It must not throw. Returns what unsubscribes it. */
  onSample(listener: (id: string, sample: Sample) => void): () => void {
    this.#sampleListeners.add(listener);
    return () => this.#sampleListeners.delete(listener);
  }

  /** A session was opened, changed its state, or has a new configuration. */
  follow(session: ObservedSession): Verdict {
    const { agentId: id, name, pool, notAfter } = session.identity;
    const { roster, sessionsOf, clock } = this.#options;
    const isLive = session.state === 'ready' || session.state === 'draining';
    const known = roster.get(id);
    if (known === undefined && !isLive) return { pin: undefined, state: 'disconnected' };
    // An agent that the store has lost is listed all the same.
    const member = known ?? roster.put({ id, name, pool, identityNotAfter: notAfter });
    this.#recordOf(member).follow(sessionsOf(member), isLive ? session : undefined, clock.now());
    return this.#judge(member);
  }

  /** A heartbeat was received, `at` milliseconds since 1970. */
  addHeartbeat(
    session: ObservedSession,
    at: number,
    heartbeat: Parameters<AgentRecord['addHeartbeat']>[1]['heartbeat'],
  ): void {
    const member = this.#options.roster.get(session.identity.agentId);
    if (member === undefined) return;
    const receivedAt = this.#options.clock.now();
    const sample = this.#recordOf(member).addHeartbeat(session, { at, receivedAt, heartbeat });
    for (const listener of this.#sampleListeners) listener(member.id, sample);
    this.#judge(member);
  }

  /** An agent has reported how far its upgrade is. */
  setUpgrade(id: string, upgrade: UpgradeStatus): void {
    this.#records.get(id)?.setUpgrade(upgrade);
  }

  /** The roster has this member now. */
  update(member: Member): void {
    this.#judge(member);
  }

  /** The roster no longer has this member. */
  forget({ id, name }: Pick<Member, 'id' | 'name'>): void {
    this.#standings.delete(id);
    this.#records.delete(id);
    this.#count(name);
  }

  /** Judges, in slices, the agents that the passing of time or a change of the roster may have changed. */
  judgeDue(): void {
    const { clock } = this.#options;
    const offset = clock.wall() - clock.now();
    // Expiry depends on the date: after a jump no moment that was computed before holds.
    if (Math.abs(offset - this.#wallOffset) > MAX_WALL_DRIFT_MS) this.#generation += 1;
    this.#wallOffset = offset;
    if (!this.#sweep.isRunning) void this.#sweep.run();
  }

  /**
   * Pins or limits have changed. From this call on `isSuspended` goes by the new pins. Resolves when every agent is judged
   * by them and was sent its verdict.
   */
  judgeAll(): Promise<void> {
    this.#generation += 1;
    return this.#sweep.run();
  }

  /** Resolves when no agent is being judged; from then on `judgeDue` and `judgeAll` do nothing. */
  stop(): Promise<void> {
    return this.#sweep.stop();
  }

  #judgeIfDue(member: Member): void {
    const standing = this.#standings.get(member.id);
    if (standing === undefined || this.#isDue(standing, member)) this.#judge(member);
  }

  #isDue({ generation, member: judged, nextChange }: Standing, member: Member): boolean {
    const { clock } = this.#options;
    if (generation !== this.#generation || judged !== member) return true;
    return clock.now() > nextChange.now || clock.wall() >= nextChange.wall;
  }

  #judge(member: Member): Verdict {
    const { clock, limits, pinOf } = this.#options;
    const agent: Judged = { member, record: this.#recordOf(member), pin: pinOf(member) };
    const moment = { wall: clock.wall(), now: clock.now() };
    const bounds = limits();
    const known = this.#standings.get(member.id)?.reasons;
    const reasons = judgeAgent(agent, bounds, moment).map((each) => {
      const since = known?.find(({ code }) => code === each.code)?.since ?? each.since ?? moment.wall;
      return reasonOf(each, since);
    });
    const verdict: Verdict = { pin: agent.pin, state: reasons[0]?.state ?? 'connected' };
    const nextChange = nextChangeOf(agent, bounds, moment);
    this.#settle(agent, { member, reasons, verdict, generation: this.#generation, nextChange });
    return verdict;
  }

  #settle(agent: Judged, standing: Standing): void {
    const { member, reasons, verdict } = standing;
    const before = this.#standings.get(member.id);
    this.#standings.set(member.id, standing);
    this.#count(member.name);
    if (before !== undefined && !areSameVerdicts(before.verdict, verdict)) {
      this.#options.onVerdict(member, verdict);
    }
    if (before !== undefined && haveSameConditions(before.reasons, reasons)) {
      if (before.reasons[0]?.detail === reasons[0]?.detail) return;
      for (const listener of this.#detailListeners) listener(member.name);
      return;
    }
    const change = { agent: agentViewOf(agent, reasons), before: before?.reasons };
    for (const listener of [...this.#listeners]) listener(change);
  }

  #count(name: string): void {
    const member = this.#options.roster.named(name);
    const standing = member && this.#standings.get(member.id);
    if (member === undefined || standing === undefined) {
      this.#counts.set(name, undefined);
      this.#order.set(name, undefined);
      return;
    }
    this.#order.set(name, standing.verdict.state);
    const record = this.#recordOf(member);
    const { pin, state } = standing.verdict;
    this.#counts.set(name, {
      pool: member.pool,
      state,
      sessions: record.sessions.filter((session) => session.state === 'ready').length,
      // No pin applies to an agent that never connects again.
      isInSync: pin && state !== 'revoked' ? isInSync(record.hello?.config, pin) : undefined,
    });
  }

  #viewOf(member: Member): AgentView | undefined {
    if (this.#standings.get(member.id)?.generation !== this.#generation) this.#judge(member);
    const standing = this.#standings.get(member.id);
    if (standing === undefined) return undefined;
    const agent = { member, record: this.#recordOf(member), pin: this.#options.pinOf(member) };
    return agentViewOf(agent, standing.reasons);
  }

  #recordOf({ id }: Member): AgentRecord {
    const known = this.#records.get(id);
    if (known !== undefined) return known;
    const { clock, sampleSpacing } = this.#options;
    const record = new AgentRecord(id, clock.now(), sampleSpacing);
    this.#records.set(id, record);
    return record;
  }
}
