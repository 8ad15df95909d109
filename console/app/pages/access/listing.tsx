import type { UseInfiniteQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Button } from '../../parts/button.tsx';
import { Failed, Skeleton } from '../../parts/query-states.tsx';

/** The rows of a listing, its states, and a button for more. */
export function Listing<Item>({
  query,
  items,
  what,
  empty,
  children,
}: {
  readonly query: UseInfiniteQueryResult;
  readonly items: readonly Item[] | undefined;
  readonly what: string;
  readonly empty: ReactNode;
  readonly children: (items: readonly Item[]) => ReactNode;
}) {
  return (
    <>
      {query.error !== null && (
        <Failed
          what={what}
          error={query.error}
          isBusy={query.isFetching}
          retry={() => void query.refetch()}
          isOld={items !== undefined}
        />
      )}
      {items === undefined && query.error === null && <Skeleton lines={5} />}
      {items !== undefined && (items.length === 0 ? empty : children(items))}
      {query.hasNextPage && (
        <div className="empty">
          <Button size="small" isBusy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            More
          </Button>
        </div>
      )}
    </>
  );
}
