import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { ask, GET, inBackground } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';

const PAGE_SIZE = 500;

/** All agents, page after page. */
export function useFleet() {
  const query = useInfiniteQuery({
    queryKey: [resource.agents],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      ask(
        GET('/api/v1/agents', {
          params: { query: { limit: PAGE_SIZE, ...(pageParam !== undefined && { cursor: pageParam }) } },
          headers: inBackground,
        }),
      ),
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });
  const { hasNextPage, isFetching, fetchNextPage } = query;
  useEffect(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  return {
    query,
    agents: query.data?.pages.flatMap(({ items }) => items),
    isComplete: query.data?.pages.every(({ complete }) => complete) ?? true,
    isLoadingMore: hasNextPage,
  };
}
