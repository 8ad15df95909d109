import { useCallback, useMemo } from 'react';
import { useLocation, useSearch } from 'wouter';
import { readUrl, type UrlFields, type UrlValues, writeUrl } from './url-state.ts';

/**
 * The state of a page that its URL keeps, so that a link, a reload and the back button restore it. Typing replaces the
 * entry in the history; `push` adds one.
 */
export function useUrlState<Fields extends UrlFields>(
  fields: Fields,
): [UrlValues<Fields>, (changes: Partial<UrlValues<Fields>>, how?: 'replace' | 'push') => void] {
  const search = useSearch();
  const [path, navigate] = useLocation();
  const values = useMemo(() => readUrl(fields, search), [fields, search]);
  const change = useCallback(
    (changes: Partial<UrlValues<Fields>>, how: 'replace' | 'push' = 'replace') => {
      const query = writeUrl(fields, search, changes);
      navigate(query === '' ? path : `${path}?${query}`, { replace: how === 'replace' });
    },
    [fields, search, path, navigate],
  );
  return [values, change];
}
