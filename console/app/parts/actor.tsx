import { useQuery } from '@tanstack/react-query';
import { ask, GET, inBackground } from '../api/client.ts';
import { resource } from '../api/keys.ts';
import { useMissingRole } from '../frame/session-context.tsx';
import { actorText } from './actor-text.ts';

/** Who did something: the name of the token, as far as the user may see it, instead of its id. While names load, neither is shown. */
export function Actor({ actor }: { readonly actor: string }) {
  const { names, isLoading } = useTokenNames();
  const { kind, id } = actorText(actor);
  const name = kind === 'admin-token' ? names.get(actor.slice('admin-token:'.length)) : undefined;
  return (
    <span title={actor}>
      {name !== undefined && <strong>{name}</strong>}{' '}
      <span className={name === undefined ? 'nowrap' : 'faint small nowrap'}>{kind}</span>{' '}
      {name === undefined && !(isLoading && kind === 'admin-token') && (
        <code className="faint nowrap">{id}</code>
      )}
    </span>
  );
}

function useTokenNames(): { readonly names: ReadonlyMap<string, string>; readonly isLoading: boolean } {
  const isAdmin = useMissingRole('admin') === undefined;
  const { data, isLoading } = useQuery({
    queryKey: [resource.adminTokens],
    queryFn: () => ask(GET('/api/v1/admin-tokens', { headers: inBackground })),
    enabled: isAdmin,
  });
  return { names: new Map(data?.items.map(({ id, name }) => [id, name])), isLoading };
}
