import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';

const children = new Set<ChildProcess>();
let armed = false;

/** Kills `child` when this process exits for any reason except SIGKILL, so no test run leaves a process behind. */
export function dieWithUs(child: ChildProcess): void {
  arm();
  children.add(child);
  child.once('exit', () => children.delete(child));
}

function arm(): void {
  if (armed) return;
  armed = true;
  const killAll = () => {
    for (const child of children) child.kill('SIGKILL');
  };
  process.once('exit', killAll);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.once(signal, () => {
      killAll();
      // 128 and the signal's number, as a shell reports it.
      process.exit(128 + constants.signals[signal]);
    });
  }
}
