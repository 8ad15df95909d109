import { setFlagsFromString } from 'node:v8';

/**
 * Keeps V8 from marking the whole heap while traffic flows. Every chunk of tunnel traffic is a short-lived buffer that a
 * scavenge collects, but each also counts toward the limits at which V8 marks the heap: ten times per second at full
 * throughput, which took a third of the CPU time. These flags make buffers count toward the heap limit, and let the heap
 * grow to four times its live size (docs/decisions/0005). Must be called before anything else in a program.
 */
export function tuneGarbageCollection(): void {
  setFlagsFromString('--external-memory-accounted-in-global-limit');
  setFlagsFromString('--heap-growing-percent=300');
  // Until `sizeYoungGeneration` lets it grow, for what lives longer than the start does.
  setFlagsFromString('--semi-space-growth-factor=1');
  // A young generation of that size is collected sooner by the thread itself than helpers wake up for it.
  setFlagsFromString('--no-parallel-scavenge');
}
