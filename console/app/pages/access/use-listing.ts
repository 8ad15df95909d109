import { useInfiniteQuery } from '@tanstack/react-query';
import { ask } from '../../api/client.ts';

type PageOf<Item> = { readonly items: readonly Item[]; readonly nextCursor?: string };

/** A listing with pages that are read one after the other. */
export function useListing<Item>(
  key: readonly unknown[],
  read: (
    cursor: string | undefined,
  ) => Promise<{ readonly data?: PageOf<Item>; readonly error?: unknown; readonly response: Response }>,
) {
  const query = useInfiniteQuery({
    queryKey: key,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => ask(read(pageParam)),
    getNextPageParam: (page) => page.nextCursor,
  });
  return { query, items: query.data?.pages.flatMap((page) => [...page.items]) };
}
