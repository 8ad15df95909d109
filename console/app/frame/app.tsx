import { CSPProvider } from '@base-ui/react/csp-provider';
import { notifyManager, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import { Router } from 'wouter';
import { onSignedOut, setSessionEnded } from '../api/client.ts';
import { ApiError } from '../api/problem.ts';
import { type ConsoleSession, currentSession, signIn } from '../api/session.ts';
import { onSecretChanged } from '../api/session-secret.ts';
import { NoticeProvider } from '../parts/notices.tsx';
import { ExpiredOverlay } from './expired-overlay.tsx';
import { Frame } from './frame.tsx';
import { SessionContext } from './session-context.tsx';
import { SignInPage, StartFailed, Starting } from './sign-in-page.tsx';

// Render responses immediately; the default timer adds up to 4 ms.
notifyManager.setScheduler(queueMicrotask);

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // Events say what has changed, so only what has no event is polled, and a focused window asks for nothing.
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: 5 * 60_000,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      retry: (failures, error) => failures < 2 && error instanceof ApiError && error.status === 0,
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
});

type State =
  | { readonly name: 'starting' }
  | { readonly name: 'failed'; readonly error: unknown }
  | { readonly name: 'signed-out'; readonly error?: unknown }
  | { readonly name: 'signed-in'; readonly session: ConsoleSession; readonly isExpired: boolean };

/** The one-time code of a link, which is removed from the address bar and the history. */
function takeCode(): string | undefined {
  const code = new URLSearchParams(location.hash.slice(1)).get('code');
  if (code === null) return undefined;
  history.replaceState(history.state, '', location.pathname + location.search);
  return code;
}

const linkCode = takeCode();

export function App() {
  const [state, setState] = useState<State>({ name: 'starting' });

  const start = useCallback(async () => {
    setState({ name: 'starting' });
    try {
      const session = await currentSession();
      setState(
        session === undefined ? { name: 'signed-out' } : { name: 'signed-in', session, isExpired: false },
      );
    } catch (error) {
      setState({ name: 'failed', error });
    }
  }, []);

  useEffect(() => {
    if (linkCode === undefined) {
      void start();
      return;
    }
    redeem(linkCode).then(
      (session) => setState({ name: 'signed-in', session, isExpired: false }),
      async (error: unknown) => {
        // The link was used before: whoever reloads it may still have the session that it started.
        const session = await currentSession().catch(() => undefined);
        setState(
          session === undefined
            ? { name: 'signed-out', error }
            : { name: 'signed-in', session, isExpired: false },
        );
      },
    );
  }, [start]);

  const expired = useCallback(() => {
    setSessionEnded(true);
    setState((before) => (before.name === 'signed-in' ? { ...before, isExpired: true } : before));
  }, []);
  useEffect(() => {
    onSignedOut(expired);
    // Another tab has signed in again, or out.
    return onSecretChanged(() => {
      void currentSession().then((session) => {
        setSessionEnded(session === undefined);
        setState((before) => {
          if (session !== undefined) return { name: 'signed-in', session, isExpired: false };
          return before.name === 'signed-in' ? { ...before, isExpired: true } : { name: 'signed-out' };
        });
        // What was refused meanwhile is asked again.
        if (session !== undefined) void queries.invalidateQueries();
      });
    });
  }, [expired]);

  const signedIn = useCallback((session: ConsoleSession) => {
    setSessionEnded(false);
    setState({ name: 'signed-in', session, isExpired: false });
    void queries.invalidateQueries();
  }, []);
  const signedOut = useCallback(() => {
    queries.clear();
    setState({ name: 'signed-out' });
  }, []);

  return (
    <CSPProvider disableStyleElements>
      <QueryClientProvider client={queries}>
        <Router base="/console">
          <NoticeProvider>
            {state.name === 'starting' && <Starting />}
            {state.name === 'failed' && <StartFailed error={state.error} retry={() => void start()} />}
            {state.name === 'signed-out' && <SignInPage error={state.error} onSignedIn={signedIn} />}
            {state.name === 'signed-in' && (
              <SessionContext value={state}>
                <Frame onSignedOut={signedOut} onSessionEnded={expired} />
                {state.isExpired && <ExpiredOverlay session={state.session} onSignedIn={signedIn} />}
              </SessionContext>
            )}
          </NoticeProvider>
        </Router>
      </QueryClientProvider>
    </CSPProvider>
  );
}

let redeemed: Promise<ConsoleSession> | undefined;
/** A code is good for one session: effects that run twice in development must not redeem it twice. */
function redeem(code: string): Promise<ConsoleSession> {
  redeemed ??= signIn({ code });
  return redeemed;
}
