import type { Fault } from './faults.ts';
import type { Scene } from './scene.ts';

export type FaultResult = {
  readonly fault: string;
  readonly times: number;
  /** Sessions that were lost or replaced after it. */
  readonly sessions: number;
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
    const scene = this.#scene;
    const before = { resumes: scene.resumes().length, ended: scene.sessionsEnded() };
    await fault.strike(scene, round);
    await recover();
    const resumes = scene.resumes().slice(before.resumes);
    const { times = 0, sessions = 0, resumed = 0, longestMs = 0 } = this.#results.get(fault.name) ?? {};
    this.#results.set(fault.name, {
      fault: fault.name,
      times: times + 1,
      sessions: sessions + scene.sessionsEnded() - before.ended,
      resumed: resumed + resumes.length,
      longestMs: Math.max(longestMs, ...resumes.map(({ milliseconds }) => Number(milliseconds))),
    });
  }
}

/** What a fault should have brought about, and did not. */
export function idleFault({ fault, sessions, resumed }: FaultResult, kinds: readonly Fault[]): string[] {
  const isHarmless = kinds.some(({ name, isHarmless: is }) => name === fault && is === true);
  if (resumed > 0 || (isHarmless && sessions === 0)) return [];
  return [`${fault}: no connection was resumed, though ${sessions} sessions ended`];
}
