import type { Kysely } from 'kysely';
import { ascendingIds } from './ascending-ids.ts';
import type { AuditRow, Database } from './schema.ts';
import type { Writing } from './writing.ts';

export type AuditRepository = ReturnType<typeof auditRepository>;

/** One change. `before` and `after` are stored as JSON and shown to viewers, so they must not contain secrets. */
export type AuditEntry = {
  readonly at: number;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly address?: string | undefined;
  readonly before?: unknown;
  readonly after?: unknown;
};

export type AuditQuery = {
  readonly before?: string | undefined;
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly subject?: string | undefined;
  readonly limit: number;
};

/** Orders the log. Shared, since several changes fall into one millisecond and each transaction has its own repositories. */
const nextId = ascendingIds();

/** `onAppended` is called with each entry. In a transaction, that is before the commit. */
export function auditRepository(db: Kysely<Database>, write: Writing, onAppended: (row: AuditRow) => void) {
  return {
    /** Appends an entry. Call it in the transaction of the change that it records. */
    async append(entry: AuditEntry): Promise<void> {
      const { at, actor, action, subject, address = null } = entry;
      const row: AuditRow = {
        id: nextId(),
        at,
        actor,
        action,
        subject,
        address,
        before: json(entry.before),
        after: json(entry.after),
      };
      await write('audit', row.id, async (inside) => {
        await inside.insertInto('audit').values(row).execute();
      });
      onAppended(row);
    },

    /** Returns these entries, oldest first. Unknown ids have none. */
    byIds: async (ids: readonly string[]): Promise<AuditRow[]> =>
      ids.length === 0
        ? []
        : db.selectFrom('audit').selectAll().where('id', 'in', ids).orderBy('id').execute(),

    /** Returns the entries that match the filters, newest first, starting after the entry `before`. */
    list({ before, actor, action, subject, limit }: AuditQuery): Promise<AuditRow[]> {
      return db
        .selectFrom('audit')
        .selectAll()
        .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
        .$if(actor !== undefined, (query) => query.where('actor', '=', actor ?? ''))
        .$if(action !== undefined, (query) => query.where('action', '=', action ?? ''))
        .$if(subject !== undefined, (query) => query.where('subject', '=', subject ?? ''))
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
    },
  };
}

const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value));
