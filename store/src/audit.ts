import { type Kysely, sql } from 'kysely';
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
  /** Milliseconds since 1970: from `since`, and before `until`. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  /** Part of the action, the subject, the actor or the values, in any case. */
  readonly text?: string | undefined;
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
    list({ before, actor, action, subject, since, until, text, limit }: AuditQuery): Promise<AuditRow[]> {
      return db
        .selectFrom('audit')
        .selectAll()
        .$if(before !== undefined, (query) => query.where('id', '<', before ?? ''))
        .$if(actor !== undefined, (query) => query.where('actor', '=', actor ?? ''))
        .$if(action !== undefined, (query) => query.where('action', '=', action ?? ''))
        .$if(subject !== undefined, (query) => query.where('subject', '=', subject ?? ''))
        .$if(since !== undefined, (query) => query.where('at', '>=', since ?? 0))
        .$if(until !== undefined, (query) => query.where('at', '<', until ?? 0))
        .$if(text !== undefined, (query) =>
          query.where(({ eb, or, fn }) => {
            const pattern = `%${escapeLike((text ?? '').toLowerCase())}%`;
            const columns = ['action', 'subject', 'actor', 'before', 'after'] as const;
            return or(
              columns.map((column) =>
                eb(fn<string>('lower', [column]), 'like', sql<string>`${pattern} escape '\\'`),
              ),
            );
          }),
        )
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
    },
  };
}

/** A text that LIKE finds as it is. */
const escapeLike = (text: string) => text.replace(/[\\%_]/g, '\\$&');

const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value));
