import { useQuery } from '@tanstack/react-query';
import { ask, GET, inBackground } from '../api/client.ts';
import { resource } from '../api/keys.ts';

const REFRESH_MS = 60_000;

/** The gateway that answers: its name, where agents connect, whether it is ready. */
export const useGateway = () =>
  useQuery({
    queryKey: [resource.gateway],
    queryFn: () => ask(GET('/api/v1/gateway', { headers: inBackground })),
    refetchInterval: REFRESH_MS,
  });
