import { MAX_PAGE_SIZE, pageOf } from '@penstock/api-schema';
import { type Static, type TSchema, Type } from '@penstock/json-schema';
import type { ApiClient } from './api-client.ts';

export type ListingOptions = {
  /** Query parameters; undefined ones are omitted. */
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** Maximum number of items; all of them by default. */
  readonly maxItems?: number;
};

/** Fetches the items of a listing page by page. `complete` is false if the gateway reported that some may be missing. */
export async function everyPage<Item extends TSchema>(
  api: ApiClient,
  item: Item,
  path: string,
  { query = {}, maxItems = Number.POSITIVE_INFINITY }: ListingOptions = {},
): Promise<{ readonly items: Static<Item>[]; readonly complete: boolean }> {
  const Page = Type.Object({ ...pageOf(item).properties, complete: Type.Optional(Type.Boolean()) });
  const items: Static<Item>[] = [];
  let complete = true;
  let cursor: string | undefined;
  do {
    const limit = Math.min(MAX_PAGE_SIZE, maxItems - items.length);
    const page: Static<typeof Page> = await api.ask(
      Page,
      'GET',
      `${path}?${queryText({ ...query, limit: String(limit), cursor })}`,
    );
    items.push(...(page.items as Static<Item>[]));
    complete &&= page.complete ?? true;
    cursor = page.nextCursor;
  } while (cursor !== undefined && items.length < maxItems);
  return { items: items.slice(0, maxItems), complete };
}

function queryText(query: Readonly<Record<string, string | undefined>>): string {
  const entries = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return new URLSearchParams(entries).toString();
}
