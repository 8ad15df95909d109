// Loaded into a gateway with --import: on SIGUSR2, writes the longest delay of its event loop to the file LOOP_FILE.
import { writeFileSync } from 'node:fs';

/** Milliseconds of one turn: how late a timer fired, and how much of that the thread itself spent on the CPU. */
export type LoopDelay = { readonly late: number; readonly own: number };

const INTERVAL_MS = 10;
const MICROSECONDS = 1_000;

let at = performance.now();
let used = cpuTime();
let late = 0;
let own = 0;

setInterval(() => {
  const [now, cpu] = [performance.now(), cpuTime()];
  const delay = Math.max(0, now - at - INTERVAL_MS);
  late = Math.max(late, delay);
  own = Math.max(own, Math.min(delay, cpu - used));
  at = now;
  used = cpu;
}, INTERVAL_MS).unref();
process.on('SIGUSR2', () => {
  writeFileSync(process.env['LOOP_FILE'] ?? '/dev/null', JSON.stringify({ late, own } satisfies LoopDelay));
  late = 0;
  own = 0;
});

function cpuTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / MICROSECONDS;
}
