import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { memoryReturner } from './return-memory.ts';

/** Milliseconds between two looks at the CPU time of this process. */
const INTERVAL_MS = 1_000;
/** CPU milliseconds per look below which the process is quiet. */
const QUIET_CPU_MS = 30;
/** Quiet looks in a row before garbage is collected. */
const QUIET_LOOKS = 3;
/** CPU milliseconds of work that leave enough garbage to be worth a collection. */
const MIN_WORK_MS = 500;

/**
 * Collects garbage once after each time of work, when the process has been quiet for 3 seconds, and returns what it frees: V8 collects
 * when memory is requested, so the peak of a busy time would otherwise stay resident. `onQuiet` is called first, to drop caches. Returns a
 * function that stops it. Does not keep the process running.
 */
export function collectWhenQuiet(onQuiet: () => void): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const returnMemory = memoryReturner();
  let before = process.cpuUsage();
  let work = 0;
  let quiet = 0;
  const timer = setInterval(() => {
    const { user, system } = process.cpuUsage(before);
    before = process.cpuUsage();
    const used = (user + system) / 1000;
    work += used;
    quiet = used < QUIET_CPU_MS ? quiet + 1 : 0;
    if (quiet < QUIET_LOOKS || work < MIN_WORK_MS) return;
    onQuiet();
    collect();
    returnMemory();
    // The collection itself is work that needs no other.
    before = process.cpuUsage();
    work = 0;
    quiet = 0;
  }, INTERVAL_MS);
  timer.unref();
  return () => clearInterval(timer);
}
