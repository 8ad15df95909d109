import { useCallback, useEffect, useMemo, useState } from 'react';
import { useLocation } from 'wouter';
import { useSearch } from 'wouter/use-browser-location';
import { readUrl, type UrlFields, type UrlValues, writeUrl } from './url-state.ts';

/** A query that the page shows and its URL does not have yet. */
type Ahead = {
  readonly from: { readonly path: string; readonly search: string };
  readonly query: string;
};

/**
 * The state of a page that its URL keeps, so that a link, a reload and the back button restore it. Typing replaces the
 * entry in the history; `push` adds one.
 *
 * A replaced entry is written after the page has been drawn with the new values and has asked for what they need:
 * Chromium's `replaceState` waits for another process, which takes longer than drawing the page.
 */
export function useUrlState<Fields extends UrlFields>(
  fields: Fields,
): [UrlValues<Fields>, (changes: Partial<UrlValues<Fields>>, how?: 'replace' | 'push') => void] {
  // As it is in the URL: the hook of the router decodes it, so that `%2541` would become `A` when it is read.
  const search = useSearch().replace(/^\?/, '');
  const [path, navigate] = useLocation();
  const [ahead, setAhead] = useState<Ahead>();
  const isAhead = ahead !== undefined && ahead.from.path === path && ahead.from.search === search;
  // Once the URL has changed, whoever changed it, it is what counts, also when it is the same again later.
  if (ahead !== undefined && !isAhead) setAhead(undefined);
  const current = isAhead ? ahead.query : search;
  const values = useMemo(() => readUrl(fields, current), [fields, current]);
  const change = useCallback(
    (changes: Partial<UrlValues<Fields>>, how: 'replace' | 'push' = 'replace') => {
      const query = writeUrl(fields, current, changes);
      if (how === 'push') navigate(urlOf(path, query));
      else setAhead({ from: { path, search }, query });
    },
    [fields, search, current, path, navigate],
  );
  useEffect(() => {
    if (!isAhead || current === search) return;
    const timer = setTimeout(() => navigate(urlOf(path, current), { replace: true }));
    return () => clearTimeout(timer);
  }, [isAhead, path, search, current, navigate]);
  return [values, change];
}

const urlOf = (path: string, query: string) => (query === '' ? path : `${path}?${query}`);
