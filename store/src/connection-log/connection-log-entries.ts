import type { ExpressionBuilder, Kysely, RawBuilder } from 'kysely';
import { firstIdAt } from './connection-ids.ts';
import type { ConnectionLogDatabase, ConnectionLogRow, ConnectionState } from './connection-log-row.ts';

export type ConnectionLogEntries = ReturnType<typeof connectionLogEntries>;

/** Every given filter must match. */
export type ConnectionLogQuery = {
  /** Starts after this id; the order is that of the starts, newest first. */
  readonly before?: number | undefined;
  /** Connections that were open at any time from `since` to `until`, in milliseconds since 1970. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly connection?: string | undefined;
  /** An address, the name or id of a grant, or the subject of a client certificate. */
  readonly client?: string | undefined;
  /** Of a client that is an address. */
  readonly clientPort?: number | undefined;
  readonly agent?: string | undefined;
  /** The one that accepted the client, or by way of which its agent was reached. */
  readonly replica?: string | undefined;
  readonly code?: string | undefined;
  readonly state?: ConnectionState | undefined;
  readonly limit: number;
};

/** Columns in the order in which `save` passes them. */
const COLUMNS = [
  'id',
  'state',
  'connection',
  'client',
  'clientPort',
  'ingress',
  'ingressKind',
  'host',
  'grantId',
  'grantName',
  'subject',
  'connector',
  'pool',
  'agent',
  'agentId',
  'replica',
  'agentReplica',
  'startedAt',
  'openMs',
  'endedAt',
  'attempts',
  'resumes',
  'adriftMs',
  'adriftSince',
  'bytesFromClient',
  'bytesToClient',
  'code',
  'detail',
  'count',
] as const satisfies readonly (keyof ConnectionLogRow)[];

/** The columns that change after a connection was first written. */
const CHANGING = COLUMNS.filter((column) => column !== 'id' && column !== 'startedAt');

/** What differs between the databases. */
export type ConnectionLogDialect = {
  /**
   * Inserts rows, or replaces what is stored of them. They are one parameter, as JSON: a statement with a parameter for
   * each value would have to be compiled and parsed again for each number of rows, in the thread that carries the
   * clients' bytes.
   */
  readonly insert: (
    json: string,
    columns: readonly string[],
    changing: readonly string[],
  ) => RawBuilder<unknown>;
  /** Notes that the gateway is alive `at` this time. */
  readonly alive: (at: number) => RawBuilder<unknown>;
  /** Ends what stopped gateways have left open. */
  readonly endAbandoned: (code: string) => RawBuilder<unknown>;
  /** `used` and `free`: bytes in use, and bytes that `shrink` could give back. */
  readonly size: RawBuilder<{ readonly used: number; readonly free: number }>;
  readonly shrink: (pages: number) => RawBuilder<unknown> | undefined;
};

export function connectionLogEntries(db: Kysely<ConnectionLogDatabase>, dialect: ConnectionLogDialect) {
  const matching = (query: Omit<ConnectionLogQuery, 'before' | 'since' | 'until' | 'limit'>) => {
    const { connection, client, clientPort, agent, replica, code, state } = query;
    return ({ and, or, eb }: ExpressionBuilder<ConnectionLogDatabase, 'connectionLog'>) =>
      and([
        ...(connection === undefined ? [] : [eb('connection', '=', connection)]),
        ...(client === undefined
          ? []
          : [
              or([
                eb('client', '=', client),
                eb('grantName', '=', client),
                eb('grantId', '=', client),
                eb('subject', '=', client),
              ]),
            ]),
        ...(clientPort === undefined ? [] : [eb('clientPort', '=', clientPort)]),
        ...(agent === undefined ? [] : [eb('agent', '=', agent)]),
        ...(replica === undefined
          ? []
          : [or([eb('replica', '=', replica), eb('agentReplica', '=', replica)])]),
        ...(code === undefined ? [] : [eb('code', '=', code)]),
        ...(state === undefined ? [] : [eb('state', '=', state)]),
      ]);
  };

  return {
    /** Inserts rows, or replaces what is stored of them, and notes that the gateway is alive `at` this time. */
    async save(rows: readonly ConnectionLogRow[], at: number): Promise<void> {
      if (rows.length > 0) {
        const json = JSON.stringify(rows.map((row) => COLUMNS.map((column) => row[column])));
        await dialect.insert(json, COLUMNS, CHANGING).execute(db);
      }
      await dialect.alive(at).execute(db);
    },

    /**
     * Ends the connections that were open when the last gateway stopped without ending them. Its last write is the last
     * time at which they are known to have been open. Returns how many there were.
     */
    async endAbandoned(code: string): Promise<number> {
      const { numAffectedRows } = await dialect.endAbandoned(code).execute(db);
      return Number(numAffectedRows ?? 0);
    },

    /** Returns the rows that match, newest first. */
    async list({ before, since, until, limit, ...filters }: ConnectionLogQuery): Promise<ConnectionLogRow[]> {
      const upper = Math.min(
        before ?? Number.MAX_SAFE_INTEGER,
        until === undefined ? Number.MAX_SAFE_INTEGER : firstIdAt(until + 1),
      );
      const from = since === undefined ? 0 : firstIdAt(since);
      const matches = matching(filters);
      const page = (low: number, high: number, count: number) =>
        db
          .selectFrom('connectionLog')
          .select(COLUMNS)
          .where('id', '>=', low)
          .where('id', '<', high)
          .where(matches)
          .orderBy('id', 'desc')
          .limit(count);
      const started = upper > from ? await page(from, upper, limit).execute() : [];
      if (since === undefined || started.length === limit) return started;
      // Connections that started before the period and were still open in it.
      const lasting = await page(0, Math.min(upper, from), limit - started.length)
        .where(({ or, eb }) => or([eb('endedAt', '>=', since), eb('endedAt', 'is', null)]))
        .execute();
      return [...started, ...lasting];
    },

    byIds(ids: readonly number[]): Promise<ConnectionLogRow[]> {
      return ids.length === 0
        ? Promise.resolve([])
        : db.selectFrom('connectionLog').select(COLUMNS).where('id', 'in', ids).execute();
    },

    /** Deletes at most `limit` connections that ended before this time, oldest first. Returns how many. */
    async deleteEnded(before: number, limit: number): Promise<number> {
      const old = db
        .selectFrom('connectionLog')
        .select('id')
        .where('endedAt', '<', before)
        .orderBy('endedAt')
        .limit(limit);
      const { numDeletedRows } = await db
        .deleteFrom('connectionLog')
        .where('id', 'in', old)
        .executeTakeFirst();
      return Number(numDeletedRows);
    },

    /** Bytes of the log: those in use, and those that it could give back. */
    async size(): Promise<{ readonly used: number; readonly free: number }> {
      const { rows } = await dialect.size.execute(db);
      return rows[0] ?? { used: 0, free: 0 };
    },

    /** Returns up to this many unused pages to the file system. */
    async shrink(pages: number): Promise<void> {
      await dialect.shrink(pages)?.execute(db);
    },
  };
}
