import { setFlagsFromString } from 'node:v8';

/**
 * Makes V8 count buffers with the heap, and not against a limit of their own. Every piece of a tunnel's traffic is a
 * buffer that dies young; with the separate limit they made V8 mark the whole heap ten times a second, which took a
 * third of the CPU at full throughput (docs/decisions/0005). Call it first thing in a program.
 */
export function tuneGarbageCollection(): void {
  setFlagsFromString('--external-memory-accounted-in-global-limit');
}
