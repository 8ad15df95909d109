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

export function useFiringAlerts(): number {
  const { data } = useQuery({
    queryKey: [resource.alerts, 'firing'],
    queryFn: () =>
      ask(GET('/api/v1/alerts', { params: { query: { state: 'firing' } }, headers: inBackground })),
  });
  return data?.items.length ?? 0;
}
