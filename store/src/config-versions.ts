import type { Kysely } from 'kysely';
import type { ConfigVersionRow, Database } from './schema.ts';
import type { Writing } from './writing.ts';

export type ConfigVersionRepository = ReturnType<typeof configVersionRepository>;

/** A published version without its content. */
export type ConfigVersionHead = Omit<ConfigVersionRow, 'content'>;

type Listing = { readonly pool: string; readonly before?: number | undefined; readonly limit: number };

export function configVersionRepository(db: Kysely<Database>, write: Writing) {
  const heads = ['pool', 'version', 'digest', 'publishedAt', 'publishedBy'] as const;
  return {
    insert: (row: ConfigVersionRow): Promise<void> =>
      write('config-version', row.pool, async (inside) => {
        await inside.insertInto('configVersions').values(row).execute();
      }),

    of(pool: string, version: number): Promise<ConfigVersionRow | undefined> {
      return db
        .selectFrom('configVersions')
        .selectAll()
        .where('pool', '=', pool)
        .where('version', '=', version)
        .executeTakeFirst();
    },

    /** Returns versions of a pool, highest first, starting below `before`. */
    list({ pool, before, limit }: Listing): Promise<ConfigVersionHead[]> {
      return db
        .selectFrom('configVersions')
        .select(heads)
        .where('pool', '=', pool)
        .$if(before !== undefined, (query) => query.where('version', '<', before ?? 0))
        .orderBy('version', 'desc')
        .limit(limit)
        .execute();
    },
  };
}
