import type { Kysely } from 'kysely';
import { risingIds } from './rising-id.ts';
import type { AuditRow, Database } from './schema.ts';

export type AuditRepository = ReturnType<typeof auditRepository>;

/** One change: `before` and `after` are stored as JSON and shown to viewers, so they hold no secret. */
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

/** The order of the trail: several changes fall into one millisecond, and each transaction has its repositories. */
const nextId = risingIds();

/** `onAppended` is told of each entry; inside a transaction, before that is sure to be kept. */
export function auditRepository(db: Kysely<Database>, onAppended: (row: AuditRow) => void) {
  return {
    /** Written in the transaction of the change it tells of. */
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
      await db.insertInto('audit').values(row).execute();
      onAppended(row);
    },

    /** Newest first, those before the entry `before`, and of these what the filters leave. */
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
