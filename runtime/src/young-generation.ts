import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Bytes in each half of the young generation that are enough. A half of 4 MiB has a little less, as its pages have headers. */
const ENOUGH_BYTES = 3 * 1024 * 1024;
/** By what V8 multiplies it when more has survived than it holds. */
const GROW = 2;
const STAY = 1;

/**
 * Lets the halves of the young generation grow to 4 MiB while there is work (docs/decisions/0005): what new connections need for a few
 * milliseconds survives the collections of a smaller one, and the default of 16 MiB holds little but garbage. V8 has no option for its
 * size that could be set after the start, so its growth is looked at after each collection, between turns of the event loop: a long turn
 * that keeps much can take it further. The collection of a quiet program shrinks it. Call it after the start, which has such turns.
 * Returns a function that stops it. Does not keep the process running.
 */
export function sizeYoungGeneration(): () => void {
  let growth: number | undefined;
  const set = (next: number) => {
    if (next === growth) return;
    growth = next;
    setFlagsFromString(`--semi-space-growth-factor=${next}`);
  };
  const look = () => set(halfBytes() < ENOUGH_BYTES ? GROW : STAY);
  const observer = new PerformanceObserver(look);
  observer.observe({ entryTypes: ['gc'] });
  // Loading the program may have made it large enough.
  look();
  return () => {
    observer.disconnect();
    set(STAY);
  };
}

function halfBytes(): number {
  const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  return space === undefined ? Number.POSITIVE_INFINITY : space.space_used_size + space.space_available_size;
}
