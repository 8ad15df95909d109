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
  // Objects that are made in the old generation keep alive all they refer to (docs/decisions/0033).
  setFlagsFromString('--no-allocation-site-pretenuring');
  // Keeps each half of the young generation at its initial 1 MiB, until `sizeYoungGeneration` lets it grow.
  setFlagsFromString('--semi-space-growth-factor=1');
  // One thread collects, usually a helper for which this one waits: several would compete with the traffic.
  setFlagsFromString('--no-parallel-scavenge');
  // V8's own collections when little is allocated, 8 seconds after the last one by default, drop compiled code (docs/decisions/0031). They
  // seldom fall into a short pause now, and `collectWhenQuiet` has collected before a long one has lasted for so long.
  setFlagsFromString('--memory-reducer-delay-ms=60000');
}
