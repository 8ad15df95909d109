import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from 'node:v8';

const MIB = 1024 * 1024;

/** Bytes in each half of the young generation that are enough. A half of 4 MiB has a little less, as its pages have headers. */
const ENOUGH_BYTES = 3 * MIB;
/** The same for a busy process, whose objects would not have the time to die in a smaller one: 16 MiB. */
const ENOUGH_BUSY_BYTES = 12 * MIB;
/** A process is busy that allocates so much in its heap. */
const BUSY_BYTES_PER_SECOND = 48 * MIB;
/** Milliseconds at least over which that is measured. */
const WINDOW_MS = 1_000;
/** By what V8 multiplies it when more has survived than it holds. */
const GROW = 2;
const STAY = 1;

/**
 * Lets the halves of the young generation grow to 4 MiB while there is work, and to 16 MiB while there is as much as more than a thousand
 * new connections per second cause (docs/decisions/0033): what a connection needs for a few milliseconds survives each collection, and the
 * fewer there are, the less is copied. By default, V8 lets any program grow to 16 MiB, most of which is garbage without so much work. It
 * has no option for the size that could be set after the start, so its growth is looked at after each collection, between turns of the event
 * loop: a long turn that keeps much can take it further. The collection of a quiet program shrinks it. Call it after the start, which has
 * such turns. Returns a function that stops it. Does not keep the process running. `now` is a monotonic clock in milliseconds.
 */
export function sizeYoungGeneration(now: () => number = () => performance.now()): () => void {
  let growth: number | undefined;
  const isBusy = allocationWatch(now);
  const set = (next: number) => {
    if (next === growth) return;
    growth = next;
    setFlagsFromString(`--semi-space-growth-factor=${next}`);
  };
  const look = () => {
    const enough = isBusy() ? ENOUGH_BUSY_BYTES : ENOUGH_BYTES;
    set(halfBytes() < enough ? GROW : STAY);
  };
  const observer = new PerformanceObserver(look);
  observer.observe({ entryTypes: ['gc'] });
  // Loading the program may have made it large enough.
  look();
  return () => {
    observer.disconnect();
    set(STAY);
  };
}

/** Returns whether the process was busy in the last window before a call. */
function allocationWatch(now: () => number): () => boolean {
  let since = now();
  let before = allocatedBytes();
  let isBusy = false;
  return () => {
    const passed = now() - since;
    if (passed >= WINDOW_MS) {
      const allocated = allocatedBytes();
      isBusy = (allocated - before) / passed >= BUSY_BYTES_PER_SECOND / 1_000;
      since += passed;
      before = allocated;
    }
    return isBusy;
  };
}

/** Allocated in the heap of this thread since its start. */
function allocatedBytes(): number {
  return getHeapStatistics().total_allocated_bytes;
}

function halfBytes(): number {
  const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  return space === undefined ? Number.POSITIVE_INFINITY : space.space_used_size + space.space_available_size;
}
