import type { Clock } from '@penstock/runtime';
import { type ProbeResult, type ProbeStage, type Reach, reach } from '@penstock/wire';
import { CheckFailure } from './check-failure.ts';

type StageName = ProbeStage['stage'];

const ORDER: readonly StageName[] = ['policy', 'dns', 'tcp', 'protocol', 'tls'];
const MAX_DETAIL_CHARACTERS = 512;

/** The stages of one attempt to reach a target, in the order they ran, with their durations. */
export class Stages {
  readonly #now: () => number;
  readonly #completed: ProbeStage[] = [];
  readonly #onFinished: (stage: ProbeStage) => void;

  /** Calls `onFinished` with each stage that has run, also of attempts that do not count in the end. */
  constructor(clock: Pick<Clock, 'now'>, onFinished: (stage: ProbeStage) => void = () => {}) {
    this.#now = () => clock.now();
    this.#onFinished = onFinished;
  }

  /** Runs one stage and records its outcome. Rethrows its error. */
  async run<Value>(
    stage: StageName,
    work: () => Promise<{ readonly value: Value; readonly detail?: string | undefined }>,
  ): Promise<Value> {
    const started = this.#now();
    try {
      const { value, detail } = await work();
      this.#add(stage, 'ok', started, detail);
      return value;
    } catch (error) {
      if (error instanceof CheckFailure) this.#add(stage, 'failed', started, error.message);
      throw error;
    }
  }

  /** A copy, for another attempt that shares the stages completed so far. */
  fork(): Stages {
    const fork = new Stages({ now: this.#now }, this.#onFinished);
    fork.#completed.push(...this.#completed);
    return fork;
  }

  /** The result. Stages that did not run are skipped: they depend on one that failed, or were not needed. */
  result(reached: Reach): ProbeResult {
    const missing = ORDER.filter((stage) => !this.#completed.some((each) => each.stage === stage));
    return {
      reach: reached,
      message: reach[reached].message,
      advice: reach[reached].advice,
      stages: [...this.#completed, ...missing.map((stage) => ({ stage, verdict: 'skipped' as const }))],
    };
  }

  #add(stage: StageName, verdict: 'ok' | 'failed', started: number, detail: string | undefined): void {
    const milliseconds = Math.max(0, Math.round((this.#now() - started) * 10) / 10);
    const finished: ProbeStage = {
      stage,
      verdict,
      milliseconds,
      ...(detail !== undefined && { detail: detail.slice(0, MAX_DETAIL_CHARACTERS) }),
    };
    this.#completed.push(finished);
    this.#onFinished(finished);
  }
}
