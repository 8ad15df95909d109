import { useQuery } from '@tanstack/react-query';
import { ask, GET, inBackground } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';

export const useConnections = () =>
  useQuery({
    queryKey: [resource.connections],
    queryFn: () => ask(GET('/api/v1/connections', { headers: inBackground })),
  });
