import type { AgentState } from '@penstock/api-schema';
import type { Clock } from '@penstock/runtime';
import type { Pin } from '../pins/drift.ts';
import { AgentRecord, type FleetSession } from './agent-record.ts';
import type { AgentView, Sample } from './agent-view.ts';
import { agentViewOf, reasonOf } from './agent-view-of.ts';
import { type HealthLimits, type Judged, judgeAgent } from './judge-agent.ts';
import type { Reason } from './reason.ts';
import type { Member, Roster } from './roster.ts';

/** Something of what holds for an agent has begun or ended. */
export type AgentChange = {
  readonly agent: AgentView;
  /** The reasons until now; undefined the first time that the agent is seen. */
  readonly before: readonly Reason[] | undefined;
};

/** What an agent is told when something changes for it. */
export type Verdict = { readonly pin: Pin | undefined; readonly state: AgentState };

export type FleetOptions = {
  readonly roster: Roster;
  /** The sessions of an agent that are there now. */
  readonly sessionsOf: (member: Pick<Member, 'id' | 'pool'>) => Iterable<FleetSession>;
  readonly pinOf: (member: Pick<Member, 'id' | 'pool'>) => Pin | undefined;
  readonly limits: () => HealthLimits;
  readonly clock: Clock;
  /** Milliseconds between two points of a sparkline, at least. */
  readonly sampleSpacing: number;
  /** The agent has another state or pin: it is to be told, and so is who waits for an agent. */
  readonly onVerdict: (member: Member, verdict: Verdict) => void;
};

type Listener = (change: AgentChange) => void;
type Standing = { readonly reasons: readonly Reason[]; readonly told: string; readonly suspended: boolean };

/** States in which an agent takes no opens although it has sessions. */
const SUSPENDED: ReadonlySet<AgentState> = new Set([
  'revoked',
  'identity-expired',
  'quarantined',
  'draining',
]);

/**
 * Every agent, with its state and the reasons for it. Judged anew whenever a session has something to tell, and by
 * `judgeAll` when only time has passed. Never waits: what the store knows is in the roster.
 */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #records = new Map<string, AgentRecord>();
  readonly #standings = new Map<string, Standing>();
  readonly #listeners = new Set<Listener>();

  constructor(options: FleetOptions) {
    this.#options = options;
    for (const member of options.roster.members) this.#judge(member);
  }

  /** All agents, by name; a revoked one while nobody else has its name and its certificate would be good. */
  agents(): readonly AgentView[] {
    const byName = new Map<string, AgentView>();
    for (const member of this.#options.roster.members) {
      if (member.revokedAt !== undefined && byName.has(member.name)) continue;
      const view = this.#viewOf(member);
      if (view !== undefined) byName.set(member.name, view);
    }
    return [...byName.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  agent(name: string): AgentView | undefined {
    const member = this.#options.roster.named(name);
    return member && this.#viewOf(member);
  }

  /** The points of an agent's sparklines, the oldest first. */
  samplesOf(id: string): readonly Sample[] {
    return this.#records.get(id)?.samples.all ?? [];
  }

  /** Whether no opens may be routed to an agent, whatever the state of its sessions. */
  isSuspended(id: string): boolean {
    return this.#standings.get(id)?.suspended ?? false;
  }

  /** Whether an agent said last that its check of a connector fails; false also where it checks nothing. */
  checkFails(id: string, connector: string): boolean {
    return this.#records.get(id)?.failing.has(connector) ?? false;
  }

  /** Calls `listener` whenever a condition of an agent begins or ends. It must not throw. The answer stops it. */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A session has something new to tell: it is there, it is gone, its configuration was reloaded. */
  follow(session: FleetSession): Verdict {
    const { agentId: id, name, pool, notAfter } = session.identity;
    const { roster, sessionsOf, clock } = this.#options;
    const isLive = session.state === 'ready' || session.state === 'draining';
    const known = roster.get(id);
    if (known === undefined && !isLive) return { pin: undefined, state: 'disconnected' };
    // An agent that the store has lost is seen all the same.
    const member = known ?? roster.put({ id, name, pool, identityNotAfter: notAfter });
    const record = this.#recordOf(member);
    record.follow(sessionsOf(member), isLive ? session : undefined, clock.now());
    return this.#judge(member);
  }

  /** A heartbeat has come, `at` milliseconds since 1970. */
  heard(
    session: FleetSession,
    at: number,
    heartbeat: Parameters<AgentRecord['heard']>[1]['heartbeat'],
  ): void {
    const member = this.#options.roster.get(session.identity.agentId);
    if (member === undefined) return;
    this.#recordOf(member).heard(session, { at, heardAt: this.#options.clock.now(), heartbeat });
    this.#judge(member);
  }

  /** What the store says of an agent has changed. */
  update(member: Member): void {
    this.#judge(member);
  }

  /** Time has passed, or pins or limits have changed. */
  judgeAll(): void {
    const { roster } = this.#options;
    for (const id of [...this.#standings.keys()]) if (roster.get(id) === undefined) this.#forget(id);
    for (const member of [...roster.members]) this.#judge(member);
  }

  #judge(member: Member): Verdict {
    const { clock, limits, pinOf } = this.#options;
    const record = this.#recordOf(member);
    const pin = pinOf(member);
    const moment = { wall: clock.wall(), now: clock.now() };
    const agent: Judged = { member, record, pin };
    const findings = judgeAgent(agent, limits(), moment);
    const codes = new Set(findings.map(({ code }) => code));
    for (const code of record.since.keys()) if (!codes.has(code)) record.since.delete(code);
    const reasons = findings.map((finding) => {
      const since = record.since.get(finding.code) ?? finding.since ?? moment.wall;
      record.since.set(finding.code, since);
      return reasonOf(finding, since);
    });
    return this.#settle(agent, reasons);
  }

  #settle(agent: Judged, reasons: readonly Reason[]): Verdict {
    const { member, pin } = agent;
    const before = this.#standings.get(member.id);
    const verdict: Verdict = { pin, state: reasons[0]?.state ?? 'connected' };
    const told = JSON.stringify(verdict);
    this.#standings.set(member.id, {
      reasons,
      told,
      suspended: reasons.some(({ state }) => SUSPENDED.has(state)),
    });
    if (before !== undefined && before.told !== told) this.#options.onVerdict(member, verdict);
    if (before === undefined || signatureOf(before.reasons) !== signatureOf(reasons)) {
      const change = { agent: agentViewOf(agent, reasons), before: before?.reasons };
      for (const listener of [...this.#listeners]) listener(change);
    }
    return verdict;
  }

  #viewOf(member: Member): AgentView | undefined {
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

  #forget(id: string): void {
    this.#standings.delete(id);
    this.#records.delete(id);
  }
}

/** Details change all the time; which conditions hold does not. */
const signatureOf = (reasons: readonly Reason[]) =>
  reasons.map(({ code, state }) => `${code} ${state}`).join();
