import { executionAsyncResource } from 'node:async_hooks';

let tick: object | undefined;

/**
 * Keeps an object of the shape that `process.nextTick` makes for each call. V8 remembers the shape to which the symbol keys of an object
 * literal are added. A thorough collection that finds no such object drops the shape, and V8 never learns another one: for the rest of
 * the process, each tick then takes 0.3 µs rather than 0.07, and a connection has 12 of them at each end (docs/decisions/0034). Must be
 * called before the heap is collected thoroughly.
 */
export function keepTickShape(): void {
  process.nextTick(() => {
    tick = executionAsyncResource();
  });
}

/** The object that is kept. */
export const keptTick = (): object | undefined => tick;
