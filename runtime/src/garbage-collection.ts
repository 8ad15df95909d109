import { setFlagsFromString } from 'node:v8';

/**
 * Keeps V8 from marking the whole heap while traffic flows. Every piece of a tunnel's traffic is a buffer that dies
 * young, and a scavenge is all it takes to collect it; but each also counts towards the limits at which V8 marks, ten
 * times a second at full throughput, which took a third of the CPU. So buffers count with the heap, and the heap
 * may grow to four times what lives in it (docs/decisions/0005). Call it first thing in a program.
 */
export function tuneGarbageCollection(): void {
  setFlagsFromString('--external-memory-accounted-in-global-limit');
  setFlagsFromString('--heap-growing-percent=300');
}
