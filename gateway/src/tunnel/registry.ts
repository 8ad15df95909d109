import { growingCache, systemClock } from '@penstock/runtime';
import { type AgentMessageOf, type CloseCode, TunnelError, type UpgradeMessage } from '@penstock/wire';
import type { Verdict } from '../control-plane-port.ts';
import { relieve } from './relief.ts';
import type { ReceivedHeartbeat, RegisteredSession, SessionRegistry } from './session-registry.ts';

/**
 * What this gateway knows of an agent's sessions. `connected`: it has one. `left`: it had one, and has had none for
 * `goneFor` milliseconds. `unknown`: it has had none since this gateway started.
 */
export type Presence =
  | { readonly state: 'connected' }
  | { readonly state: 'left'; readonly goneFor: number }
  | { readonly state: 'unknown' };

export type RegistryLimits = { readonly sessionsPerAgent: number };

/** Agents whose last session is remembered. */
const MAX_DEPARTED_AGENTS = 50_000;

/** Is notified of the sessions of all agents. Its methods must neither wait nor throw. */
export type SessionObserver = Partial<
  Pick<
    SessionRegistry,
    | 'opened'
    | 'changed'
    | 'ended'
    | 'untold'
    | 'heartbeat'
    | 'result'
    | 'progress'
    | 'upgradeStatus'
    | 'maySwitch'
  >
>;

type Listener = (session: RegisteredSession) => void;

/**
 * The sessions of this gateway, by pool and agent, from admission to end. They report to the registry, which notifies
 * observers first and then the listeners of `onReady`: a client waiting for an agent is woken when the control plane
 * has judged it.
 */
export class Registry implements SessionRegistry {
  readonly #limits: RegistryLimits;
  readonly #pools = new Map<string, Map<string, Set<RegisteredSession>>>();
  /** Those that end at this gateway, by id. */
  readonly #local = new Map<string, RegisteredSession>();
  readonly #now: () => number;
  /** When the last session of each agent ended. Distinguishes agents that left from those never connected. */
  readonly #seen = growingCache<string, number>(MAX_DEPARTED_AGENTS);
  readonly #observers = new Set<SessionObserver>();
  readonly #onReady = new Set<Listener>();
  #refusal: TunnelError | undefined;
  readonly #onAgentDisconnected = new Set<(agentId: string) => void>();

  /** `now` returns milliseconds of a monotonic clock. */
  constructor(limits: RegistryLimits, now: () => number = systemClock.now) {
    this.#limits = limits;
    this.#now = now;
  }

  /** Admits no further session. `refusal` should be retryable: another replica may be there. */
  refuseNew(refusal: TunnelError): void {
    this.#refusal = refusal;
  }

  admit(session: RegisteredSession): TunnelError | undefined {
    if (this.#refusal !== undefined) return this.#refusal;
    const { pool, agentId } = session.identity;
    const agents = getOrMake(this.#pools, pool, () => new Map<string, Set<RegisteredSession>>());
    const sessions = getOrMake(agents, agentId, () => new Set<RegisteredSession>());
    const counted = countSlots(sessions, session);
    if (counted >= this.#limits.sessionsPerAgent || sessions.size >= 2 * this.#limits.sessionsPerAgent) {
      return new TunnelError(
        'LIMIT_EXCEEDED',
        `The agent has reached tunnel.sessionsPerAgent (${this.#limits.sessionsPerAgent}).`,
      );
    }
    sessions.add(session);
    this.#local.set(session.id, session);
    return undefined;
  }

  /** Adds a session to another replica, which has admitted it. It reports its end like any other. */
  adopt(session: RegisteredSession): void {
    const { pool, agentId } = session.identity;
    const agents = getOrMake(this.#pools, pool, () => new Map<string, Set<RegisteredSession>>());
    getOrMake(agents, agentId, () => new Set<RegisteredSession>()).add(session);
    this.opened(session);
  }

  presence(agentId: string): Presence {
    for (const agents of this.#pools.values()) if (agents.has(agentId)) return { state: 'connected' };
    const leftAt = this.#seen.get(agentId);
    return leftAt === undefined ? { state: 'unknown' } : { state: 'left', goneFor: this.#now() - leftAt };
  }

  opened(session: RegisteredSession): void {
    for (const observer of this.#observers) observer.opened?.(session);
    this.#wake(session);
  }

  changed(session: RegisteredSession): void {
    for (const observer of this.#observers) observer.changed?.(session);
    this.#wake(session);
  }

  hasRoom(session: RegisteredSession): void {
    this.#wake(session);
  }

  congested(session: RegisteredSession): void {
    relieve(session, this.sessionsOfAgent(session.identity.agentId));
  }

  ended(session: RegisteredSession, code: CloseCode): void {
    if (!this.#remove(session)) return;
    for (const observer of this.#observers) observer.ended?.(session, code);
  }

  lost({ identity }: RegisteredSession, ids: readonly string[]): void {
    for (const session of [...this.sessionsOfAgent(identity.agentId)]) {
      if (ids.includes(session.id))
        session.end(new TunnelError('SESSION_LOST', 'The agent has lost the session.'), 'silent');
    }
  }

  untold(session: RegisteredSession, ids: readonly string[]): void {
    for (const observer of this.#observers) observer.untold?.(session, ids);
  }

  heartbeat(session: RegisteredSession, received: ReceivedHeartbeat): void {
    for (const observer of this.#observers) observer.heartbeat?.(session, received);
  }

  result(session: RegisteredSession, result: AgentMessageOf<'result'>): void {
    for (const observer of this.#observers) observer.result?.(session, result);
  }

  progress(session: RegisteredSession, progress: AgentMessageOf<'progress'>): void {
    for (const observer of this.#observers) observer.progress?.(session, progress);
  }

  upgradeStatus(session: RegisteredSession, message: AgentMessageOf<'upgrade-status'>): void {
    for (const observer of this.#observers) observer.upgradeStatus?.(session, message);
  }

  maySwitch(session: RegisteredSession, message: AgentMessageOf<'may-switch'>): void {
    for (const observer of this.#observers) observer.maySwitch?.(session, message);
  }

  /** Notifies `observer` until the returned function is called. */
  observe(observer: SessionObserver): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  /** Sends a changed verdict to an agent. Its sessions count as ready again where the verdict lifts a suspension. */
  announce(agentId: string, verdict: Verdict): void {
    for (const session of [...this.sessionsOfAgent(agentId)]) {
      session.announce(verdict);
      if (session.acceptsOpens) this.#wake(session);
    }
  }

  /** Sends a message about upgrades on one session of an agent. Returns false if it has none here. */
  sendUpgrade(agentId: string, message: UpgradeMessage): boolean {
    let best: RegisteredSession | undefined;
    for (const session of this.sessionsOfAgent(agentId)) {
      if (session.state === 'ready' || (session.state === 'draining' && best === undefined)) best = session;
    }
    best?.sendUpgrade(message);
    return best !== undefined;
  }

  /** Calls `listener` when a session becomes ready for opens, until the returned function is called. */
  onReady(listener: Listener): () => void {
    this.#onReady.add(listener);
    return () => this.#onReady.delete(listener);
  }

  /** Calls `listener` when the last session of an agent has ended, until the returned function is called. */
  onAgentDisconnected(listener: (agentId: string) => void): () => void {
    this.#onAgentDisconnected.add(listener);
    return () => this.#onAgentDisconnected.delete(listener);
  }

  /** The sessions of a pool, grouped by agent. */
  *sessionsOf(pool: string): Generator<RegisteredSession> {
    for (const sessions of this.#pools.get(pool)?.values() ?? []) yield* sessions;
  }

  *sessions(): Generator<RegisteredSession> {
    for (const pool of this.#pools.keys()) yield* this.sessionsOf(pool);
  }

  *sessionsOfAgent(agentId: string): Generator<RegisteredSession> {
    for (const agents of this.#pools.values()) yield* agents.get(agentId) ?? [];
  }

  /** A session that ends at this gateway; undefined when there is none with this id. */
  localSession(id: string): RegisteredSession | undefined {
    return this.#local.get(id);
  }

  /** The sessions that end at this gateway. */
  get localSessions(): Iterable<RegisteredSession> {
    return this.#local.values();
  }

  /** Ends every session of an agent. */
  endAgent(agentId: string, error: TunnelError): void {
    for (const session of [...this.sessions()]) if (session.identity.agentId === agentId) session.end(error);
  }

  #wake(session: RegisteredSession): void {
    if (session.state === 'ready') for (const listener of this.#onReady) listener(session);
  }

  /** Returns false when the session was never admitted, or has been removed already. */
  #remove(session: RegisteredSession): boolean {
    const { pool, agentId } = session.identity;
    const agents = this.#pools.get(pool);
    const sessions = agents?.get(agentId);
    if (agents === undefined || sessions === undefined || !sessions.delete(session)) return false;
    this.#local.delete(session.id);
    if (sessions.size > 0) return true;
    agents.delete(agentId);
    if (agents.size === 0) this.#pools.delete(pool);
    this.#seen.set(agentId, this.#now());
    for (const listener of this.#onAgentDisconnected) listener(agentId);
    return true;
  }
}

/**
 * The slots an agent occupies, not counting that of `newcomer`: an agent replaces a session by opening its successor in
 * the same slot first. Draining sessions are not counted, or an agent at its limit could never replace one.
 */
function countSlots(sessions: Iterable<RegisteredSession>, newcomer: RegisteredSession): number {
  const slots = new Set<string>();
  for (const session of sessions) if (session.state !== 'draining') slots.add(slotOf(session));
  slots.delete(slotOf(newcomer));
  return slots.size;
}

const slotOf = ({ hello }: RegisteredSession) => `${hello?.bootId} ${hello?.session.index}`;

function getOrMake<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
