import { Readable } from 'node:stream';
import type { TSchema } from '@penstock/json-schema';
import { inSlices, nextTurn, systemClock } from '@penstock/runtime';
import type { FastifyReply } from 'fastify';

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
  const pieces = new Pieces();
  let nextCursor: string | undefined;
  const page = pageOf(items, isFull, (last) => {
    nextCursor = cursorOf(last);
  });
  await inSlices(page, (item) => pieces.add(serialize(toResource(item))), systemClock);
  const rest = JSON.stringify({ ...(nextCursor !== undefined && { nextCursor }), ...fields }).slice(1, -1);
  const body = pieces.end(`]${rest === '' ? '' : `,${rest}`}}`);
  const length = body.reduce((sum, piece) => sum + piece.length, 0);
  return reply
    .type('application/json; charset=utf-8')
    .header('content-length', length)
    .send(Readable.from(inTurns(body)));
}

/** Yields one piece in each turn of the event loop: a stream would write all of them in one. */
async function* inTurns(pieces: readonly Buffer[]): AsyncGenerator<Buffer, void> {
  for (const piece of pieces) {
    yield piece;
    await nextTurn(systemClock);
  }
}

/** Items of a piece: some tens of kilobytes, which a socket accepts in one turn of the event loop. */
const PIECE_ITEMS = 32;

/** The body of a page, encoded piece by piece as its items arrive. */
class Pieces {
  readonly #pieces: Buffer[] = [];
  #texts: string[] = [];
  #head = '{"items":[';

  add(text: string): void {
    this.#texts.push(text);
    if (this.#texts.length === PIECE_ITEMS) this.#encode('');
  }

  end(tail: string): readonly Buffer[] {
    this.#encode(tail);
    return this.#pieces;
  }

  #encode(tail: string): void {
    const separator = this.#texts.length === 0 || this.#pieces.length === 0 ? '' : ',';
    this.#pieces.push(Buffer.from(this.#head + separator + this.#texts.join(',') + tail));
    this.#head = '';
    this.#texts = [];
  }
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
