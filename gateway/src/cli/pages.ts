import Type, { type Static, type TSchema } from 'typebox';
import type { ApiClient } from './api-client.ts';

/** All entries of a listing, page after page. `complete` is false when the gateway said that some are missing. */
export async function everyPage<Item extends TSchema>(
  api: ApiClient,
  item: Item,
  path: string,
): Promise<{ readonly items: Static<Item>[]; readonly complete: boolean }> {
  const Page = Type.Object({
    items: Type.Array(item),
    nextCursor: Type.Optional(Type.String()),
    complete: Type.Optional(Type.Boolean()),
  });
  const items: Static<Item>[] = [];
  let complete = true;
  let cursor: string | undefined;
  do {
    const query = new URLSearchParams({ limit: '500', ...(cursor !== undefined && { cursor }) });
    const page: Static<typeof Page> = await api.ask(Page, 'GET', `${path}?${query}`);
    items.push(...(page.items as Static<Item>[]));
    complete &&= page.complete ?? true;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return { items, complete };
}
