import type { Kysely } from 'kysely';
import type { AlertDeliveryRow, AlertRow, Database } from './schema.ts';
import type { Writing } from './writing.ts';

export type AlertRepository = ReturnType<typeof alertRepository>;

/** Maximum number of rows in one statement, since databases limit its parameters. */
const BATCH_ROWS = 100;

export function alertRepository(db: Kysely<Database>, write: Writing) {
  return {
    /** Inserts or updates alerts. A resolved alert stays resolved. */
    async save(alerts: readonly AlertRow[]): Promise<void> {
      if (alerts.length === 0) return;
      await write('alert', '*', async (inside) => {
        for (const batch of batchesOf(alerts)) {
          await inside
            .insertInto('alerts')
            .values(batch)
            .onConflict((conflict) =>
              conflict
                .column('id')
                .doUpdateSet(({ ref }) => ({
                  state: ref('excluded.state'),
                  resolvedAt: ref('excluded.resolvedAt'),
                }))
                .where('alerts.state', '=', 'firing'),
            )
            .execute();
        }
      });
    },

    /** Inserts alerts of which the store knows nothing, and leaves the others as they are. Returns the ids of the new ones. */
    async handOver(alerts: readonly AlertRow[]): Promise<ReadonlySet<string>> {
      const added = new Set<string>();
      for (const alert of alerts) {
        // A change of its own for each: the leader reads those that it does not know.
        await write('alert', alert.id, async (inside) => {
          const row = await inside
            .insertInto('alerts')
            .values(alert)
            .onConflict((conflict) => conflict.column('id').doNothing())
            .returning('id')
            .executeTakeFirst();
          if (row !== undefined) added.add(alert.id);
          return row !== undefined;
        });
      }
      return added;
    },

    /** Inserts or updates deliveries. Their alerts must be stored already. */
    async saveDeliveries(deliveries: readonly AlertDeliveryRow[]): Promise<void> {
      for (const batch of batchesOf(deliveries)) {
        await db
          .insertInto('alertDeliveries')
          .values(batch)
          .onConflict((conflict) =>
            conflict.column('id').doUpdateSet(({ ref }) => ({
              state: ref('excluded.state'),
              messageId: ref('excluded.messageId'),
              attempts: ref('excluded.attempts'),
              nextAt: ref('excluded.nextAt'),
              settledAt: ref('excluded.settledAt'),
              lastError: ref('excluded.lastError'),
            })),
          )
          .execute();
      }
    },

    byId(id: string): Promise<AlertRow | undefined> {
      return db.selectFrom('alerts').selectAll().where('id', '=', id).executeTakeFirst();
    },

    /** Returns the newest first, starting after the alert `before`. */
    list({ before, state, limit }: AlertQuery): Promise<AlertRow[]> {
      return db
        .selectFrom('alerts')
        .selectAll()
        .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
        .$if(state !== undefined, (query) => query.where('state', '=', state ?? 'firing'))
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
    },

    /** Returns what a starting gateway must restore: firing alerts, and alerts with undelivered notifications. */
    unfinished(limit: number): Promise<AlertRow[]> {
      return db
        .selectFrom('alerts')
        .selectAll()
        .where(({ eb, or, exists, selectFrom }) =>
          or([
            eb('state', '=', 'firing'),
            exists(
              selectFrom('alertDeliveries')
                .select('alertDeliveries.id')
                .whereRef('alertDeliveries.alertId', '=', 'alerts.id')
                .where('alertDeliveries.state', '=', 'pending'),
            ),
          ]),
        )
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
    },

    /** Returns the deliveries of these alerts, oldest first. */
    async deliveriesOf(alertIds: readonly string[]): Promise<AlertDeliveryRow[]> {
      const rows: AlertDeliveryRow[] = [];
      for (const batch of batchesOf(alertIds)) {
        rows.push(
          ...(await db
            .selectFrom('alertDeliveries')
            .selectAll()
            .where('alertId', 'in', batch)
            .orderBy('id')
            .execute()),
        );
      }
      return rows;
    },

    /** Deletes alerts that were resolved before `before`, with their deliveries. Returns the number of alerts deleted. */
    async prune(before: number): Promise<number> {
      const old = db
        .selectFrom('alerts')
        .select('id')
        .where('state', '=', 'resolved')
        .where('resolvedAt', '<', before);
      await db.deleteFrom('alertDeliveries').where('alertId', 'in', old).execute();
      const { numDeletedRows } = await db
        .deleteFrom('alerts')
        .where('state', '=', 'resolved')
        .where('resolvedAt', '<', before)
        .executeTakeFirst();
      return Number(numDeletedRows);
    },
  };
}

export type AlertQuery = {
  readonly before?: string | undefined;
  readonly state?: AlertRow['state'] | undefined;
  readonly limit: number;
};

function* batchesOf<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let from = 0; from < items.length; from += BATCH_ROWS) yield items.slice(from, from + BATCH_ROWS);
}
