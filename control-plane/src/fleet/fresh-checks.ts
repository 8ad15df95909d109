import type { Clock } from '@penstock/runtime';
import { errorText, type ProbeResult } from '@penstock/wire';
import type { Evidence } from './explain-evidence.ts';

export type CheckedAgent = { readonly id: string; readonly name: string };

/** Requests the check of one connector from an agent. Rejects when the agent does not answer it. */
export type SendCheck = (agent: CheckedAgent, connector: string, timeout: number) => Promise<ProbeResult>;

/** The result of a check requested from an agent: the stage it reached, or why there is no answer. */
export type FreshCheck = Evidence | { readonly problem: string };

/** Milliseconds for the agent's check. */
const CHECK_TIMEOUT_MS = 3_000;
/** Milliseconds for which a result is reused: however many ask, each target is checked this often at most. */
const REUSE_MS = 2_000;
/** Results kept at the same time. Beyond it, no check is sent. */
const MAX_RESULTS = 64;

/** Checks that agents make for explanations. */
export class FreshChecks {
  readonly #send: SendCheck;
  readonly #clock: Clock;
  readonly #results = new Map<string, { readonly at: number; readonly result: Promise<FreshCheck> }>();

  constructor(send: SendCheck, clock: Clock) {
    this.#send = send;
    this.#clock = clock;
  }

  /** Checks a connector through an agent, or returns the result of a check that was just made. Never rejects. */
  check(agent: CheckedAgent, connector: string): Promise<FreshCheck> {
    this.#forgetOld();
    const key = `${agent.id} ${connector}`;
    const known = this.#results.get(key);
    if (known !== undefined) return known.result;
    if (this.#results.size >= MAX_RESULTS) {
      return Promise.resolve({ problem: 'too many checks are in progress' });
    }
    const result = this.#ask(agent, connector);
    this.#results.set(key, { at: this.#clock.now(), result });
    return result;
  }

  async #ask(agent: CheckedAgent, connector: string): Promise<FreshCheck> {
    try {
      const { reach, stages } = await this.#send(agent, connector, CHECK_TIMEOUT_MS);
      const detail = stages.findLast(
        (stage) => stage.detail !== undefined && stage.verdict === 'failed',
      )?.detail;
      return { reach, at: this.#clock.wall(), from: 'explain', detail };
    } catch (error) {
      return { problem: errorText(error) };
    }
  }

  #forgetOld(): void {
    const now = this.#clock.now();
    for (const [key, { at }] of this.#results) if (now - at >= REUSE_MS) this.#results.delete(key);
  }
}
