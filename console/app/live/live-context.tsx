import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from 'react';
import { resource } from '../api/keys.ts';
import { readSecret } from '../api/session-secret.ts';
import type { Connection } from '../api/types.ts';
import { type LiveEvent, type LiveStatus, LiveStream } from './live-stream.ts';
import { StaleResources, staleAfter } from './stale-resources.ts';

/** A hidden page is closed after this time: browsers allow few connections to one host, and a hidden page needs none. */
const HIDDEN_MS = 60_000;

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
  const stream = useRef<LiveStream>(undefined);
  const sessionEnded = useRef(onSessionEnded);
  sessionEnded.current = onSessionEnded;

  useEffect(() => {
    if (isExpired) return;
    const stale = new StaleResources((resources) => {
      void queries.invalidateQueries({ predicate: ({ queryKey }) => resources.has(String(queryKey[0])) });
    });
    const live = new LiveStream({
      fetch: (headers, signal) =>
        fetch('/api/v1/events', {
          headers: { ...headers, 'penstock-session': readSecret() ?? '', 'penstock-background': 'true' },
          cache: 'no-store',
          signal,
        }),
      onEvent: (event) => {
        if (event.type === 'connections') patchConnections(event.data);
        else stale.add(staleAfter(event));
        for (const listener of listeners.current) listener(event);
      },
      onReset: () => stale.add(Object.values(resource)),
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
      stale.stop();
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
