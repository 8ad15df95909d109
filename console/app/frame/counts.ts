import { useQuery } from '@tanstack/react-query';
import { ask, GET, inBackground } from '../api/client.ts';
import { resource } from '../api/keys.ts';

export function usePendingApprovals(): number {
  const { data } = useQuery({
    queryKey: [resource.approvals, 'pending'],
    queryFn: () =>
      ask(GET('/api/v1/approvals', { params: { query: { state: 'pending' } }, headers: inBackground })),
  });
  return data?.items.length ?? 0;
}

/** What is wrong, by severity. */
export function useAttentionCounts(): { readonly critical: number; readonly warning: number } {
  const { data } = useQuery({
    queryKey: [resource.attention],
    queryFn: () => ask(GET('/api/v1/attention', { headers: inBackground })),
  });
  const of = (wanted: string) => data?.items.filter(({ severity }) => severity === wanted).length ?? 0;
  return { critical: of('critical'), warning: of('warning') };
}
