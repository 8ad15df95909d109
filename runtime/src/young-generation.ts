import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

const MIB = 1024 * 1024;

/** Bytes in each half of the young generation that are enough. A half of 4 MiB has a little less, as its pages have headers. */
const ENOUGH_BYTES = 3 * MIB;
/** The same while so many bytes are allocated in a second that each collection of less would come too soon: halves of 16 MiB. */
const ENOUGH_BUSY_BYTES = 12 * MIB;
const BUSY_BYTES_PER_SECOND = 48 * MIB;
const MEASURED_MS = 1_000;
/** By what V8 multiplies it when more has survived than it holds. */
const GROW = 2;
const STAY = 1;

/**
 * Lets the halves of the young generation grow to 4 MiB while there is work, and to 16 MiB while more than a thousand connections per
 * second are opened (docs/decisions/0033): what a connection needs for a few milliseconds survives each collection, and the fewer there
 * are, the less is copied. The default lets every program grow to 16 MiB, which hold little but garbage then. V8 has no option for its
 * size that could be set after the start, so its growth is looked at after each collection, between turns of the event loop: a long turn
 * that keeps much can take it further. The collection of a quiet program shrinks it. Call it after the start, which has such turns.
 * Returns a function that stops it. Does not keep the process running. `now` is a monotonic clock in milliseconds.
 */
export function sizeYoungGeneration(now: () => number = () => performance.now()): () => void {
  let growth: number | undefined;
  const isBusy = allocationWatch(now);
  const set = (next: number) => {
    if (next === growth) return;
    growth = next;
    setFlagsFromString(`--semi-space-growth-factor=${next}`);
  };
  const look = (collections: number) => {
    const half = halfBytes();
    const enough = isBusy(collections * half) ? ENOUGH_BUSY_BYTES : ENOUGH_BYTES;
    set(half < enough ? GROW : STAY);
  };
  const observer = new PerformanceObserver((list) => look(list.getEntries().length));
  observer.observe({ entryTypes: ['gc'] });
  // Loading the program may have made it large enough.
  look(0);
  return () => {
    observer.disconnect();
    set(STAY);
  };
}

/** Takes how many bytes were allocated since the last call. Returns whether they were many in the last whole second. */
function allocationWatch(now: () => number): (bytes: number) => boolean {
  let since = now();
  let allocated = 0;
  let isBusy = false;
  return (bytes) => {
    allocated += bytes;
    const passed = now() - since;
    if (passed >= MEASURED_MS) {
      isBusy = allocated / passed >= BUSY_BYTES_PER_SECOND / 1000;
      since += passed;
      allocated = 0;
    }
    return isBusy;
  };
}

function halfBytes(): number {
  const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  return space === undefined ? Number.POSITIVE_INFINITY : space.space_used_size + space.space_available_size;
}
