import { inSlices, systemClock } from '@penstock/runtime';
import type { FastifyReply } from 'fastify';
import type { TSchema } from 'typebox';

export type SlicedPage<Item, Resource> = {
  /** Everything after the cursor, read lazily. */
  readonly items: Iterable<Item>;
  /** Whether `next` no longer belongs on a page of `count` items that ends with `last`. */
  readonly isFull: (count: number, last: Item, next: Item) => boolean;
  readonly cursorOf: (last: Item) => string;
  readonly toResource: (item: Item) => Resource;
  readonly schema: TSchema;
};

/**
 * Sends a page of a listing: `items`, `nextCursor` unless it is the last page, and `fields`. Items are read and serialized
 * in slices of the event loop, because serializing a page at once would delay the data path.
 */
export async function sendPage<Item, Resource>(
  reply: FastifyReply,
  { items, isFull, cursorOf, toResource, schema }: SlicedPage<Item, Resource>,
  fields: object = {},
): Promise<FastifyReply> {
  const serialize = reply.compileSerializationSchema(schema as Record<string, unknown>) as (
    value: Resource,
  ) => string;
  const texts: string[] = [];
  let nextCursor: string | undefined;
  const page = pageOf(items, isFull, (last) => {
    nextCursor = cursorOf(last);
  });
  await inSlices(page, (item) => texts.push(serialize(toResource(item))), systemClock);
  const rest = JSON.stringify({ ...(nextCursor !== undefined && { nextCursor }), ...fields }).slice(1, -1);
  const text = `{"items":[${texts.join(',')}]${rest === '' ? '' : `,${rest}`}}`;
  return reply.type('application/json; charset=utf-8').send(text);
}

function* pageOf<Item>(
  items: Iterable<Item>,
  isFull: SlicedPage<Item, unknown>['isFull'],
  onMore: (last: Item) => void,
): Generator<Item, void> {
  let count = 0;
  let last: Item | undefined;
  for (const item of items) {
    if (last !== undefined && isFull(count, last, item)) {
      onMore(last);
      return;
    }
    yield item;
    last = item;
    count += 1;
  }
}
