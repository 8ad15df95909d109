import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { ask, GET, inBackground } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';
import type { AgentRow, AgentRowPage } from '../../api/types.ts';
import { type FleetFilter, queryOf } from './fleet-filter.ts';

const PAGE_SIZE = 200;
/** The most agents of one answer. */
const LARGE_PAGE_SIZE = 500;
const HEARTBEATS_INTERVAL_MS = 10_000;

const readPage = async (query: ReturnType<typeof queryOf>, cursor: string | undefined, limit: number) =>
  (await ask(
    GET('/api/v1/agents', {
      params: { query: { ...query, view: 'row', limit, ...(cursor !== undefined && { cursor }) } },
      headers: inBackground,
    }),
  )) as AgentRowPage;

/** The agents that a filter selects, page after page; what was found before stays until there is something newer. */
export const useFleet = (filter: FleetFilter) => {
  const query = queryOf(filter);
  return useInfiniteQuery({
    queryKey: [resource.agents, query],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => readPage(query, pageParam, PAGE_SIZE),
    getNextPageParam: ({ nextCursor }) => nextCursor,
    placeholderData: keepPreviousData,
    // Heartbeats are no events, so the rows age without being wrong; pages that were loaded by scrolling are not read again.
    refetchInterval: ({ state: { data } }) =>
      (data?.pages.length ?? 0) > 1 ? false : HEARTBEATS_INTERVAL_MS,
  });
};

/** The first agents that a filter selects, at most `limit`, whether they have been loaded or not. Rejects with ApiError. */
export async function matchingAgents(filter: FleetFilter, limit: number): Promise<readonly AgentRow[]> {
  const rows: AgentRow[] = [];
  let cursor: string | undefined;
  do {
    const page = await readPage(queryOf(filter), cursor, Math.min(LARGE_PAGE_SIZE, limit - rows.length));
    rows.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== undefined && rows.length < limit);
  return rows;
}

/** How many agents there are in each state, without any filter. */
export const useFleetCounts = () =>
  useQuery({
    queryKey: [resource.agents, 'counts'],
    queryFn: () => readPage({ sort: 'name' }, undefined, 1),
  });

const ATTENTION_INTERVAL_MS = 10_000;

export const useAttention = () =>
  useQuery({
    queryKey: [resource.attention],
    queryFn: () => ask(GET('/api/v1/attention', { headers: inBackground })),
    // Some conditions begin or end with time alone, without an event.
    refetchInterval: ATTENTION_INTERVAL_MS,
  });
