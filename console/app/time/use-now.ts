import { useSyncExternalStore } from 'react';
import { clock } from '../api/client.ts';

const TICK_MS = 1_000;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;
let tick = 0;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    tick += 1;
    for (const each of listeners) each();
  }, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The gateway's time, once a second: all ages of a page change together, with one timer. */
export function useNow(): number {
  useSyncExternalStore(subscribe, () => tick);
  return clock.now();
}
