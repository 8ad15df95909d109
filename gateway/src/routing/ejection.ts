import type { Clock } from '@penstock/runtime';
import type { CloseCode } from '@penstock/wire';

export type EjectionLimits = {
  /** Consecutive failed opens after which an agent is ejected. */
  readonly consecutiveFailures: number;
  /** Milliseconds of the first ejection, doubled with each further one. */
  readonly baseDuration: number;
  readonly maxPercent: number;
};

type Health = { failures: number; ejections: number; ejectedUntil: number };

/** Upper bound of an ejection, as a multiple of the first one. */
const MAX_BACKOFF_FACTOR = 10;

/** Codes that count against the agent or its path to the target. */
const AGENT_FAILURES: ReadonlySet<CloseCode> = new Set([
  'SESSION_LOST',
  'DNS_FAILED',
  'REFUSED',
  'UNREACHABLE',
  'DIAL_TIMEOUT',
  'AGENT_TIMEOUT',
  'TLS_FAILED',
  'INTERNAL',
]);

/**
 * Passive health of agents, by connector: an agent whose opens keep failing is ejected, that is selected last, for a
 * while. Agents are compared with each other: none is ejected when all fail, and never more than `maxPercent` of a
 * pool.
 */
export class Ejection {
  #limits: EjectionLimits;
  readonly #clock: Clock;
  readonly #byConnector = new Map<string, Map<string, Health>>();

  constructor(limits: EjectionLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  apply(limits: EjectionLimits): void {
    this.#limits = limits;
  }

  isEjected(connector: string, agentId: string): boolean {
    const record = this.#byConnector.get(connector)?.get(agentId);
    return record !== undefined && record.ejectedUntil > this.#clock.now();
  }

  succeeded(connector: string, agentId: string): void {
    this.#forget(connector, agentId);
  }

  /** Counts a failed open, and returns whether it ejects the agent. `agents`: those of its pool with a session. */
  failed(connector: string, agentId: string, code: CloseCode, agents: readonly string[]): boolean {
    // An agent that has disconnected in the meantime was forgotten, and returns with a clean record.
    if (!AGENT_FAILURES.has(code) || !agents.includes(agentId)) return false;
    let records = this.#byConnector.get(connector);
    if (records === undefined) {
      records = new Map();
      this.#byConnector.set(connector, records);
    }
    const record = records.get(agentId) ?? { failures: 0, ejections: 0, ejectedUntil: 0 };
    records.set(agentId, record);
    record.failures += 1;
    if (record.failures < this.#limits.consecutiveFailures || this.isEjected(connector, agentId))
      return false;
    if (!this.#mayEject(connector, agentId, agents)) return false;
    const factor = Math.min(2 ** record.ejections, MAX_BACKOFF_FACTOR);
    record.failures = 0;
    record.ejections += 1;
    record.ejectedUntil = this.#clock.now() + this.#limits.baseDuration * factor;
    return true;
  }

  /** Drops the record of an agent that has disconnected. */
  forgetAgent(agentId: string): void {
    for (const connector of this.#byConnector.keys()) this.#forget(connector, agentId);
  }

  #mayEject(connector: string, agentId: string, agents: readonly string[]): boolean {
    const others = agents.filter((each) => each !== agentId);
    const ejected = others.filter((each) => this.isEjected(connector, each)).length;
    const healthy = others.some((each) => {
      const record = this.#byConnector.get(connector)?.get(each);
      return record === undefined || (record.failures === 0 && record.ejectedUntil <= this.#clock.now());
    });
    return healthy && (ejected + 1) * 100 <= agents.length * this.#limits.maxPercent;
  }

  #forget(connector: string, agentId: string): void {
    const records = this.#byConnector.get(connector);
    if (records?.delete(agentId) && records.size === 0) this.#byConnector.delete(connector);
  }
}
