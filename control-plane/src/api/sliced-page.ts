import { Readable } from 'node:stream';
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
 * in slices of the event loop and written in pieces: a whole page in one turn would delay the data path.
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
  const pieces = piecesOf(`{"items":[`, texts, `]${rest === '' ? '' : `,${rest}`}}`);
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return reply
    .type('application/json; charset=utf-8')
    .header('content-length', length)
    .send(Readable.from(pieces));
}

/** Items of a piece: some tens of kilobytes, which a socket accepts in one turn of the event loop. */
const PIECE_ITEMS = 32;

function piecesOf(head: string, texts: readonly string[], tail: string): Buffer[] {
  const pieces = [Buffer.from(head)];
  for (let first = 0; first < texts.length; first += PIECE_ITEMS) {
    const separator = first === 0 ? '' : ',';
    pieces.push(Buffer.from(separator + texts.slice(first, first + PIECE_ITEMS).join(',')));
  }
  pieces.push(Buffer.from(tail));
  return pieces;
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
