import { CommandError } from '@penstock/terminal';
import Type from 'typebox';
import type { ApiClient } from './api-client.ts';
import { everyPage } from './pages.ts';

const AdminToken = Type.Object({ id: Type.String(), name: Type.String() });

/**
 * The names of the admin tokens that made these enrollment tokens, by what `createdBy` says of them. Empty where this
 * admin token may not list the others: their ids are told then.
 */
export async function tokenMakers(
  api: ApiClient,
  tokens: readonly { readonly createdBy: string }[],
): Promise<ReadonlyMap<string, string>> {
  if (!tokens.some(({ createdBy }) => createdBy.startsWith('admin-token:'))) return new Map();
  try {
    const { items } = await everyPage(api, AdminToken, 'admin-tokens');
    return new Map(items.map(({ id, name }) => [`admin-token:${id}`, name]));
  } catch (error) {
    if (error instanceof CommandError) return new Map();
    throw error;
  }
}
