import { MAX_PAGE_SIZE, pageOf } from '@penstock/api-schema';
import Type, { type Static, type TSchema } from 'typebox';
import type { ApiClient } from './api-client.ts';

export type ListingOptions = {
  /** Query of the listing; what is undefined is left out. */
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** How many entries are wanted at most; all of them unless told. */
  readonly most?: number;
};

/** The entries of a listing, page after page. `complete` is false when the gateway said that some are missing. */
export async function everyPage<Item extends TSchema>(
  api: ApiClient,
  item: Item,
  path: string,
  { query = {}, most = Number.POSITIVE_INFINITY }: ListingOptions = {},
): Promise<{ readonly items: Static<Item>[]; readonly complete: boolean }> {
  const Page = Type.Object({ ...pageOf(item).properties, complete: Type.Optional(Type.Boolean()) });
  const items: Static<Item>[] = [];
  let complete = true;
  let cursor: string | undefined;
  do {
    const limit = Math.min(MAX_PAGE_SIZE, most - items.length);
    const page: Static<typeof Page> = await api.ask(
      Page,
      'GET',
      `${path}?${queryText({ ...query, limit: String(limit), cursor })}`,
    );
    items.push(...(page.items as Static<Item>[]));
    complete &&= page.complete ?? true;
    cursor = page.nextCursor;
  } while (cursor !== undefined && items.length < most);
  return { items: items.slice(0, most), complete };
}

function queryText(query: Readonly<Record<string, string | undefined>>): string {
  const entries = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return new URLSearchParams(entries).toString();
}
