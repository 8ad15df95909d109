import { useQuery } from '@tanstack/react-query';
import { ask, GET, inBackground } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';

/** A token with the agents that used it and those that were refused; read often, because somebody waits for it. */
export const useToken = (id: string) =>
  useQuery({
    queryKey: [resource.enrollmentTokens, 'waiting', id],
    queryFn: () =>
      ask(GET('/api/v1/enrollment-tokens/{id}', { params: { path: { id } }, headers: inBackground })),
    refetchInterval: 1_500,
  });
