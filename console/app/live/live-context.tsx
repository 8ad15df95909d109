import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from 'react';
import { resource } from '../api/keys.ts';
import { readSecret } from '../api/session-secret.ts';
import type { Connection } from '../api/types.ts';
import type { LiveEvent, LiveStatus } from './live-stream.ts';
import { type AgentPatch, type Pages, patchRows } from './patch-rows.ts';
import { SharedStream } from './shared-stream.ts';
import { StaleResources, staleAfter } from './stale-resources.ts';

/** A hidden page is closed after this time: browsers allow few connections to one host, and a hidden page needs none. */
const HIDDEN_MS = 60_000;
/** Lists of more pages are read again less often. */
const MAX_SHORT_PAGES = 2;
const LONG_INTERVAL_MS = 10_000;

const isPaged = (data: unknown): boolean => typeof data === 'object' && data !== null && 'pages' in data;

type Live = {
  readonly status: LiveStatus;
  readonly retry: () => void;
  readonly hear: (listener: Listener) => () => void;
};
type Listener = (event: LiveEvent) => void;

const Context = createContext<Live | undefined>(undefined);

export function useLive(): Live {
  const live = useContext(Context);
  if (live === undefined) throw new Error('There is no LiveProvider.');
  return live;
}

/** Whether what is shown may be old. */
export const useIsStale = (): boolean => ['lost', 'signed-out'].includes(useLive().status.name);

/** Follows the events of the gateway while the page is seen, and asks again for what they make stale. */
export function LiveProvider({
  isExpired,
  onSessionEnded,
  children,
}: {
  readonly isExpired: boolean;
  readonly onSessionEnded: () => void;
  readonly children: ReactNode;
}) {
  const queries = useQueryClient();
  const [status, setStatus] = useState<LiveStatus>({ name: 'connecting' });
  const listeners = useRef(new Set<Listener>());
  const stream = useRef<SharedStream>(undefined);
  const sessionEnded = useRef(onSessionEnded);
  sessionEnded.current = onSessionEnded;

  useEffect(() => {
    if (isExpired) return;
    const isLong = ({ state: { data } }: { readonly state: { readonly data: unknown } }) =>
      ((data as { readonly pages?: readonly unknown[] } | undefined)?.pages?.length ?? 0) > MAX_SHORT_PAGES;
    const patches = new Map<string, AgentPatch>();
    const pass = (resources: ReadonlySet<string>, what: 'short' | 'long') => {
      if (patches.size > 0) {
        queries.setQueriesData<Pages<AgentPatch>>(
          { queryKey: [resource.agents], predicate: ({ state }) => isPaged(state.data) },
          (before) => before && patchRows(before, patches),
        );
        patches.clear();
      }
      void queries.invalidateQueries({
        predicate: (query) => resources.has(String(query.queryKey[0])) && isLong(query) === (what === 'long'),
      });
    };
    const stale = new StaleResources((resources) => pass(resources, 'short'));
    // Reading a long list again and again would be a flood of its own: its rows are patched, and its order follows.
    const longStale = new StaleResources((resources) => pass(resources, 'long'), LONG_INTERVAL_MS);
    const makeStale = (resources: readonly string[]) => {
      stale.add(resources);
      longStale.add(resources);
    };
    let reloading: ReturnType<typeof setTimeout> | undefined;
    const live = new SharedStream({
      fetch: (headers, signal) =>
        fetch('/api/v1/events', {
          headers: { ...headers, 'penstock-session': readSecret() ?? '', 'penstock-background': 'true' },
          cache: 'no-store',
          signal,
        }),
      onEvent: (event) => {
        if (event.type === 'connections') patchConnections(event.data);
        else makeStale(staleAfter(event));
        if (event.type === 'agent') {
          const patch = event.data as AgentPatch;
          patches.set(patch.name, patch);
        }
        for (const listener of listeners.current) listener(event);
      },
      onReset: (afterMs) => {
        clearTimeout(reloading);
        reloading = setTimeout(() => makeStale(Object.values(resource)), afterMs);
      },
      onStatus: (next) => {
        setStatus((before) => (before.name === 'live' && next.name === 'live' ? before : next));
        if (next.name === 'signed-out') sessionEnded.current();
      },
    });
    const patchConnections = (data: unknown) => {
      const { items } = data as {
        readonly items: readonly (Partial<Connection> & { readonly name: string })[];
      };
      const newest = new Map(items.map((item) => [item.name, item]));
      queries.setQueryData<{ items: Connection[] }>([resource.connections], (before) =>
        before === undefined
          ? before
          : { ...before, items: before.items.map((each) => ({ ...each, ...newest.get(each.name) })) },
      );
    };
    stream.current = live;
    live.start();
    let hiding: ReturnType<typeof setTimeout> | undefined;
    const seen = () => {
      clearTimeout(hiding);
      if (document.hidden) hiding = setTimeout(() => live.pause(), HIDDEN_MS);
      else if (live.status.name !== 'live') live.start();
    };
    document.addEventListener('visibilitychange', seen);
    return () => {
      document.removeEventListener('visibilitychange', seen);
      clearTimeout(hiding);
      clearTimeout(reloading);
      stale.stop();
      longStale.stop();
      live.stop();
    };
  }, [queries, isExpired]);

  const value = useMemo<Live>(
    () => ({
      status,
      retry: () => stream.current?.start(),
      hear: (listener) => {
        listeners.current.add(listener);
        return () => listeners.current.delete(listener);
      },
    }),
    [status],
  );
  return <Context value={value}>{children}</Context>;
}
