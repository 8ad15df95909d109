import type { Kysely } from 'kysely';
import type { Database, PinRow } from './schema.ts';
import type { Writing } from './writing.ts';

export type PinRepository = ReturnType<typeof pinRepository>;

type Target = Pick<PinRow, 'scope' | 'subject'>;

export function pinRepository(db: Kysely<Database>, write: Writing) {
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
    put: (pin: PinRow): Promise<void> =>
      write('pin', keyOf(pin), async (inside) => {
        const { scope, subject, ...rest } = pin;
        await inside
          .insertInto('pins')
          .values({ scope, subject, ...rest })
          .onConflict((conflict) => conflict.columns(['scope', 'subject']).doUpdateSet(rest))
          .execute();
      }),

    /** Resolves to false if there was none. */
    remove: ({ scope, subject }: Target): Promise<boolean> =>
      write('pin', keyOf({ scope, subject }), async (inside) => {
        const { numDeletedRows } = await inside
          .deleteFrom('pins')
          .where('scope', '=', scope)
          .where('subject', '=', subject)
          .executeTakeFirst();
        return numDeletedRows > 0n;
      }),
  };
}

const keyOf = ({ scope, subject }: Target) => `${scope}:${subject}`;
