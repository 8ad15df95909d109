import type { Fault } from './faults.ts';
import type { Scene } from './scene.ts';

export type FaultResult = {
  readonly fault: string;
  readonly times: number;
  /** Connections that went on over another session after it. */
  readonly resumed: number;
  /** The longest time in milliseconds that one of them had no session. */
  readonly longestMs: number;
};

/** Strikes with faults, and counts what came of each. */
export class Strikes {
  readonly #scene: Scene;
  readonly #results = new Map<string, FaultResult>();

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  get results(): readonly FaultResult[] {
    return [...this.#results.values()];
  }

  /** Strikes once, and counts what has resumed when `recover` has resolved. */
  async strike(fault: Fault, round: number, recover: () => Promise<unknown>): Promise<void> {
    const before = this.#scene.resumes().length;
    await fault.strike(this.#scene, round);
    await recover();
    const resumes = this.#scene.resumes().slice(before);
    const { times = 0, resumed = 0, longestMs = 0 } = this.#results.get(fault.name) ?? {};
    this.#results.set(fault.name, {
      fault: fault.name,
      times: times + 1,
      resumed: resumed + resumes.length,
      longestMs: Math.max(longestMs, ...resumes.map(({ milliseconds }) => Number(milliseconds))),
    });
  }
}
