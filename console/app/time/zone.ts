import { useSyncExternalStore } from 'react';
import { store, stored } from '../look/theme.ts';
import type { TimeZone } from './format.ts';

const KEY = 'penstock.zone';
const listeners = new Set<() => void>();
let zone: TimeZone = stored(KEY) === 'utc' ? 'utc' : 'local';

export function chooseZone(next: TimeZone): void {
  zone = next;
  store(KEY, next === 'local' ? undefined : next);
  for (const listener of listeners) listener();
}

export function useZone(): TimeZone {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => zone,
  );
}
