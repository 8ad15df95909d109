import type { Kysely } from 'kysely';
import type { Database, PinRow } from './schema.ts';

export type PinRepository = ReturnType<typeof pinRepository>;

type Target = Pick<PinRow, 'scope' | 'subject'>;

export function pinRepository(db: Kysely<Database>) {
  return {
    /** Returns all pins: at most one per pool, and few for single agents. */
    list(): Promise<PinRow[]> {
      return db.selectFrom('pins').selectAll().orderBy('scope').orderBy('subject').execute();
    },

    of({ scope, subject }: Target): Promise<PinRow | undefined> {
      return db
        .selectFrom('pins')
        .selectAll()
        .where('scope', '=', scope)
        .where('subject', '=', subject)
        .executeTakeFirst();
    },

    /** Sets a pin, replacing the previous one. */
    async put(pin: PinRow): Promise<void> {
      const { scope, subject, ...rest } = pin;
      await db
        .insertInto('pins')
        .values({ scope, subject, ...rest })
        .onConflict((conflict) => conflict.columns(['scope', 'subject']).doUpdateSet(rest))
        .execute();
    },

    /** Resolves to false if there was none. */
    async remove({ scope, subject }: Target): Promise<boolean> {
      const { numDeletedRows } = await db
        .deleteFrom('pins')
        .where('scope', '=', scope)
        .where('subject', '=', subject)
        .executeTakeFirst();
      return numDeletedRows > 0n;
    },
  };
}
