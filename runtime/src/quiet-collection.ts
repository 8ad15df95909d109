import { garbageCollector } from './collect-garbage.ts';
import { executableReturner } from './return-executable.ts';
import { memoryReturner } from './return-memory.ts';

/** Milliseconds between two looks at the CPU time of this process. */
const INTERVAL_MS = 1_000;
/** CPU milliseconds per look below which the process is quiet. */
const QUIET_CPU_MS = 30;
/** Quiet looks in a row before garbage is collected. */
const QUIET_LOOKS = 3;
/**
 * Looks in a row without data before memory matters more than compiled code, which a collection of the whole heap drops: the data after it
 * finds a slower program. The first time there is little such code yet, and `QUIET_LOOKS` are enough.
 */
const STILL_LOOKS = 20;
/** Looks after the last collection from which a short pause is used all the same: clients may come back before any gets long. */
const OVERDUE_LOOKS = 300;
/** CPU milliseconds of work that leave enough garbage to be worth a collection when no data has moved for long. */
const MIN_WORK_MS = 500;
/** The same for a collection that data may have to wait for: a trickle would otherwise meet one every minute. */
const MIN_WORK_BESIDE_DATA_MS = 5_000;
/** Bytes of V8's heap up to which a thorough collection takes about a tenth of a second. */
const MAX_THOROUGH_BYTES = 64 * 1024 * 1024;

export type QuietCollectionOptions = {
  /** Called before a collection, to drop caches, and what keeps compiled code if no data has moved for long, or none yet. */
  readonly onQuiet: (isLong: boolean) => void;
  /** A number that changes with all data that goes through this process. */
  readonly dataMoved: () => number;
  /** That of the runtime unless a test sets another. */
  readonly memory?: CollectableMemory;
};

export type CollectableMemory = {
  /** CPU milliseconds of this process so far. */
  cpuTime(): number;
  /** Bytes in V8's heap. */
  heapUsed(): number;
  /** Collects the whole heap. A thorough collection takes two or three times as long, and V8 gives up empty pages then. */
  collect(isThorough: boolean): void;
  /** Returns what the C library has kept of what was freed, and the pages of the executable. */
  returnFreed(): void;
};

/**
 * Collects garbage once after each time of work, when no data has gone through for 20 seconds, and returns what it frees: V8 collects when
 * memory is requested, so the peak of a busy time would otherwise stay resident. It is thorough if the heap is small, as the pause delays
 * nobody then; after the start, 3 quiet seconds are enough for that. Beside a trickle of data, or when there was no pause of 20 seconds for
 * 5 minutes, it collects once the process has been quiet for 3 seconds, after ten times as much work. Returns a function that stops it. Does
 * not keep the process running.
 */
export function collectWhenQuiet({ onQuiet, dataMoved, memory }: QuietCollectionOptions): () => void {
  const { cpuTime, heapUsed, collect, returnFreed } = memory ?? ownMemory();
  let before = cpuTime();
  let moved = dataMoved();
  let work = 0;
  let quiet = 0;
  /** Looks since the last collection. */
  let looks = 0;
  /** Looks in a row between which no data went through. */
  let still = 0;
  let hasStarted = false;
  /** Whether data has gone through since the last thorough collection, or there was none yet. */
  let isOwed = true;
  /** Whether there was a collection at an earlier look: what it finds is freed beside the program, which takes a moment. */
  let isReturnOwed = false;
  const isDue = () => {
    if (quiet < QUIET_LOOKS) return false;
    if (still >= STILL_LOOKS) return work >= MIN_WORK_MS;
    // Data went through while it was quiet. Otherwise this is a pause, which may get long.
    const isTrickle = quiet - still >= QUIET_LOOKS;
    return (isTrickle || looks >= OVERDUE_LOOKS) && work >= MIN_WORK_BESIDE_DATA_MS;
  };
  const isThoroughDue = () =>
    isOwed &&
    Math.min(quiet, still) >= (hasStarted ? STILL_LOOKS : QUIET_LOOKS) &&
    heapUsed() <= MAX_THOROUGH_BYTES;
  const timer = setInterval(() => {
    const used = cpuTime() - before;
    before += used;
    still = dataMoved() === moved ? still + 1 : 0;
    if (still === 0) isOwed = true;
    moved = dataMoved();
    work += used;
    quiet = used < QUIET_CPU_MS ? quiet + 1 : 0;
    looks += 1;
    if (isReturnOwed && quiet > 0) {
      returnFreed();
      isReturnOwed = false;
      // As with the collection itself.
      before = cpuTime();
    }
    const isThorough = isThoroughDue();
    if (!isThorough && !isDue()) return;
    onQuiet(isThorough || still >= STILL_LOOKS);
    collect(isThorough);
    isReturnOwed = true;
    if (isThorough) isOwed = false;
    hasStarted = true;
    // The collection itself is work that needs no other.
    before = cpuTime();
    work = 0;
    looks = 0;
  }, INTERVAL_MS);
  timer.unref();
  return () => clearInterval(timer);
}

function ownMemory(): CollectableMemory {
  const collect = garbageCollector();
  const returnMemory = memoryReturner();
  const returnExecutable = executableReturner();
  return {
    cpuTime() {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1000;
    },
    heapUsed: () => process.memoryUsage().heapUsed,
    collect: (isThorough) => collect(isThorough ? 'thorough' : 'whole'),
    returnFreed() {
      returnMemory();
      returnExecutable();
    },
  };
}
