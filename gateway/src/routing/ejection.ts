import type { Clock } from '@penstock/runtime';
import type { CloseCode } from '@penstock/wire';

export type EjectionLimits = {
  /** Failed opens in a row after which an agent is passed over. */
  readonly failures: number;
  /** Milliseconds the first time, doubled each time after. */
  readonly duration: number;
  readonly maxPercent: number;
};

type Record_ = { failures: number; ejections: number; until: number };

/** An ejection lasts at most this many times the first one. */
const LONGEST = 10;

/** Codes that speak against the agent, or against its view of the target. */
const blames: ReadonlySet<CloseCode> = new Set([
  'SESSION_LOST',
  'DNS_FAILED',
  'REFUSED',
  'UNREACHABLE',
  'DIAL_TIMEOUT',
  'TLS_FAILED',
  'INTERNAL',
]);

/**
 * Passive health of agents, by connector: an agent whose opens keep failing is passed over for a while. It is one
 * agent's view against the others', so when all fail none is ejected, and never more than a share of a pool.
 */
export class Ejection {
  #limits: EjectionLimits;
  readonly #clock: Clock;
  readonly #byConnector = new Map<string, Map<string, Record_>>();

  constructor(limits: EjectionLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  apply(limits: EjectionLimits): void {
    this.#limits = limits;
  }

  isEjected(connector: string, agentId: string): boolean {
    const record = this.#byConnector.get(connector)?.get(agentId);
    return record !== undefined && record.until > this.#clock.now();
  }

  succeeded(connector: string, agentId: string): void {
    this.#forget(connector, agentId);
  }

  /** Counts a failed open; true when the agent is ejected by it. `agents` are those of its pool that are there. */
  failed(connector: string, agentId: string, code: CloseCode, agents: readonly string[]): boolean {
    // An agent that has left meanwhile is forgotten already, and comes back with a clean record.
    if (!blames.has(code) || !agents.includes(agentId)) return false;
    let records = this.#byConnector.get(connector);
    if (records === undefined) {
      records = new Map();
      this.#byConnector.set(connector, records);
    }
    const record = records.get(agentId) ?? { failures: 0, ejections: 0, until: 0 };
    records.set(agentId, record);
    record.failures += 1;
    if (record.failures < this.#limits.failures || this.isEjected(connector, agentId)) return false;
    if (!this.#mayEject(connector, agentId, agents)) return false;
    const factor = Math.min(2 ** record.ejections, LONGEST);
    record.failures = 0;
    record.ejections += 1;
    record.until = this.#clock.now() + this.#limits.duration * factor;
    return true;
  }

  /** Forgets an agent that is gone. */
  forgetAgent(agentId: string): void {
    for (const connector of this.#byConnector.keys()) this.#forget(connector, agentId);
  }

  #mayEject(connector: string, agentId: string, agents: readonly string[]): boolean {
    const others = agents.filter((each) => each !== agentId);
    const ejected = others.filter((each) => this.isEjected(connector, each)).length;
    const healthy = others.some((each) => {
      const record = this.#byConnector.get(connector)?.get(each);
      return record === undefined || (record.failures === 0 && record.until <= this.#clock.now());
    });
    return healthy && (ejected + 1) * 100 <= agents.length * this.#limits.maxPercent;
  }

  #forget(connector: string, agentId: string): void {
    const records = this.#byConnector.get(connector);
    if (records?.delete(agentId) && records.size === 0) this.#byConnector.delete(connector);
  }
}
