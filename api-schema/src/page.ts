import { type TSchema, Type } from '@penstock/json-schema';

export const MAX_PAGE_SIZE = 500;

/** Query of every listing that has pages. */
export const PageQuery = Type.Object(
  {
    limit: Type.Integer({
      minimum: 1,
      maximum: MAX_PAGE_SIZE,
      default: 100,
      description: 'Maximum number of items on a page.',
    }),
    cursor: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 128,
        description: '`nextCursor` of the previous page. Omit it for the first page.',
      }),
    ),
  },
  { additionalProperties: false },
);

/** For listings that spreadsheets can open. */
export const ListingFormat = Type.Enum(['json', 'csv'], {
  default: 'json',
  description: '`csv` is for spreadsheets; the next page is in the header `Link`.',
});

export const NextCursor = Type.Optional(
  Type.String({ description: 'Cursor of the next page. Absent on the last page.' }),
);

/** One page of a listing. */
export const pageOf = <Item extends TSchema>(item: Item) =>
  Type.Object({ items: Type.Array(item), nextCursor: NextCursor });

/** A listing that always fits on one page. */
export const listOf = <Item extends TSchema>(item: Item) => Type.Object({ items: Type.Array(item) });
