import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { ask, DELETE, GET, inBackground, PUT, perform } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';

export const usePools = () =>
  useQuery({
    queryKey: [resource.pools],
    queryFn: () => ask(GET('/api/v1/pools', { headers: inBackground })),
  });

export const usePins = () =>
  useQuery({
    queryKey: [resource.pins],
    queryFn: () => ask(GET('/api/v1/pins', { headers: inBackground })),
  });

export const useVersions = (pool: string) =>
  useInfiniteQuery({
    queryKey: [resource.configVersions, pool],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      ask(
        GET('/api/v1/config-versions', {
          params: { query: { pool, limit: 50, ...(pageParam !== undefined && { cursor: pageParam }) } },
          headers: inBackground,
        }),
      ),
    getNextPageParam: ({ nextCursor }) => nextCursor,
    enabled: pool !== '',
    // No event says that an agent has reported another version.
    refetchInterval: 10_000,
  });

export const useVersion = (pool: string, version: number | undefined) =>
  useQuery({
    queryKey: [resource.configVersions, pool, version],
    queryFn: () =>
      ask(
        GET('/api/v1/config-versions/{pool}/{version}', {
          params: { path: { pool, version: version ?? 0 } },
          headers: inBackground,
        }),
      ),
    enabled: version !== undefined,
  });

export const usePreview = (pool: string, version: number | undefined) =>
  useQuery({
    queryKey: [resource.pins, 'preview', pool, version],
    queryFn: () =>
      ask(
        GET('/api/v1/pins/pools/{name}/preview', {
          params: { path: { name: pool }, query: version === undefined ? {} : { version } },
        }),
      ),
    staleTime: 0,
  });

export const pin = (pool: string, version: number) =>
  perform(PUT('/api/v1/pins/pools/{name}', { params: { path: { name: pool } }, body: { version } }));
export const unpin = (pool: string) =>
  perform(DELETE('/api/v1/pins/pools/{name}', { params: { path: { name: pool } } }));
