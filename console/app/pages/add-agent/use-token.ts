import { useQuery } from '@tanstack/react-query';
import { ask, GET, inBackground } from '../../api/client.ts';
import { resource } from '../../api/keys.ts';

/** The token as the gateway has it now; read often, because somebody waits for it. */
export const useToken = (id: string) =>
  useQuery({
    queryKey: [resource.enrollmentTokens, 'waiting', id],
    queryFn: async () => {
      const { items } = await ask(
        GET('/api/v1/enrollment-tokens', { params: { query: { limit: 100 } }, headers: inBackground }),
      );
      return items.find((each) => each.id === id) ?? null;
    },
    refetchInterval: 2_000,
  });
