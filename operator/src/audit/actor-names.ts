import { AdminTokenResource } from '@penstock/api-schema';
import { CommandError } from '@penstock/terminal';
import type { ApiClient } from '../api/api-client.ts';
import { everyPage } from '../api/pages.ts';

/**
 * Returns names of actors for display: admin tokens by their names. Empty if this admin token is not permitted to list the
 * others, in which case their IDs are shown.
 */
export async function actorNames(
  api: ApiClient,
  actors: readonly (string | undefined)[],
): Promise<ReadonlyMap<string | undefined, string>> {
  if (!actors.some((actor) => actor?.startsWith('admin-token:'))) return new Map();
  try {
    const { items } = await everyPage(api, AdminTokenResource, 'admin-tokens');
    return new Map(items.map(({ id, name }) => [`admin-token:${id}`, name]));
  } catch (error) {
    if (error instanceof CommandError) return new Map();
    throw error;
  }
}
