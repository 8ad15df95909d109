import type { Clock } from '@penstock/runtime';
import { type ProbeResult, type ProbeStage, type Reach, reach } from '@penstock/wire';
import { CheckFailure } from './check-failure.ts';

type StageName = ProbeStage['stage'];

const DETAIL_LENGTH = 512;

/** The stages of one climb, in the order they were taken, with their times. */
export class Stages {
  readonly #now: () => number;
  readonly #taken: ProbeStage[] = [];

  constructor(clock: Pick<Clock, 'now'>) {
    this.#now = () => clock.now();
  }

  /** Takes one stage, which says for people what it found. What it throws is passed on. */
  async take<Value>(
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

  /** The same so far: from here on the climb is tried in another way. */
  fork(): Stages {
    const fork = new Stages({ now: this.#now });
    fork.#taken.push(...this.#taken);
    return fork;
  }

  /** The result: what was not taken was skipped, since it depends on what failed or was not called for. */
  result(reached: Reach): ProbeResult {
    const order: readonly StageName[] = ['policy', 'dns', 'tcp', 'protocol', 'tls'];
    const missing = order.filter((stage) => !this.#taken.some((each) => each.stage === stage));
    return {
      reach: reached,
      sentence: reach[reached].sentence,
      advice: reach[reached].advice,
      stages: [...this.#taken, ...missing.map((stage) => ({ stage, verdict: 'skipped' as const }))],
    };
  }

  #add(stage: StageName, verdict: 'ok' | 'failed', started: number, detail: string | undefined): void {
    const milliseconds = Math.max(0, Math.round((this.#now() - started) * 10) / 10);
    this.#taken.push({
      stage,
      verdict,
      milliseconds,
      ...(detail !== undefined && { detail: detail.slice(0, DETAIL_LENGTH) }),
    });
  }
}
