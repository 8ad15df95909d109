import { randomUUID } from 'node:crypto';
import type { Clock } from '@penstock/runtime';
import type { AgentHealth } from '@penstock/updater';
import type { Upgrader } from './find-upgrader.ts';
import { Spool } from './spool.ts';

const INTERVAL_MS = 2_000;

export type HealthReportsOptions = {
  readonly upgrader: Upgrader;
  readonly health: () => Omit<AgentHealth, 'format' | 'at' | 'process'>;
  readonly clock: Clock;
};

/** Writes how this agent is doing every few seconds, for an updater that may be judging this version. Returns a stop function. */
export function startHealthReports({ upgrader, health, clock }: HealthReportsOptions): () => void {
  if (upgrader.kind === 'none') return () => {};
  const spool = new Spool(upgrader);
  const ownProcess = randomUUID();
  let stopTimer = () => {};
  let isStopped = false;
  const report = async () => {
    try {
      await spool.report({ format: 1, at: clock.wall(), process: ownProcess, ...health() });
    } catch {
      // The directory is in memory, except on Windows. Without reports, the updater goes back to the version before.
    }
    if (!isStopped) stopTimer = clock.after(INTERVAL_MS, () => void report());
  };
  void report();
  return () => {
    isStopped = true;
    stopTimer();
  };
}
