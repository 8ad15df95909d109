import './frame.css';
import { Suspense, use, useEffect, useRef } from 'react';
import { Redirect, Route, Switch, useLocation } from 'wouter';
import { LiveProvider } from '../live/live-context.tsx';
import { FleetPage } from '../pages/fleet/fleet-page.tsx';
import { Card, Page } from '../parts/page.tsx';
import { PageErrors } from '../parts/page-errors.tsx';
import { Empty, Skeleton } from '../parts/query-states.tsx';
import { LiveBar } from './live-bar.tsx';
import { Navigation } from './navigation.tsx';
import { pages } from './pages.ts';
import { SessionContext } from './session-context.tsx';
import { SessionWarning } from './session-warning.tsx';
import { TopBar } from './top-bar.tsx';

/** What surrounds every page. */
export function Frame({
  onSignedOut,
  onSessionEnded,
}: {
  readonly onSignedOut: () => void;
  readonly onSessionEnded: () => void;
}) {
  const state = use(SessionContext);
  const [path] = useLocation();
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  // A new page is read from its start, also by those who hear it.
  useEffect(() => {
    if (isFirst.current) {
      isFirst.current = false;
      return;
    }
    scrollTo(0, 0);
    main.current?.querySelector('h1')?.focus();
    void path;
  }, [path]);
  return (
    <LiveProvider isExpired={state?.isExpired ?? false} onSessionEnded={onSessionEnded}>
      <div className="frame">
        <a className="frame-skip" href="#main">
          Skip to the content
        </a>
        <TopBar onSignedOut={onSignedOut} />
        <Navigation />
        <main id="main" ref={main} tabIndex={-1} className="frame-main">
          <LiveBar />
          <SessionWarning />
          {/* Pages of the same kind are not one page: what was typed or requested for an agent is not for the next one. */}
          <PageErrors key={path}>
            <Suspense fallback={<Skeleton lines={6} />}>
              <Switch>
                <Route path="/">
                  <Redirect to="/fleet" replace />
                </Route>
                <Route path="/fleet" component={FleetPage} />
                {pages.map(({ path: each, page }) => (
                  <Route key={each} path={each} component={page} />
                ))}
                <Route>
                  <Page title="Not found">
                    <Card isFlush>
                      <Empty
                        title="There is no such page."
                        action={<a href="/console/fleet">Go to the fleet</a>}
                      />
                    </Card>
                  </Page>
                </Route>
              </Switch>
            </Suspense>
          </PageErrors>
        </main>
      </div>
    </LiveProvider>
  );
}
