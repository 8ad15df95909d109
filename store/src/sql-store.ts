import type { Kysely } from 'kysely';
import { type Change, recordChanges } from './cluster/changes.ts';
import type { DatabaseClock } from './database-clock.ts';
import { type Repositories, repositoriesOver } from './repositories.ts';
import type { AuditRow, Database } from './schema.ts';
import type { StoreHealth } from './store-health.ts';
import type { Writing } from './writing.ts';

export type Store = Repositories & {
  /**
   * Runs `work` in a transaction. It must only use the repositories it is given: all others wait for its end. It runs
   * again if the database ends the transaction in favor of another one, so it must have no effect outside. A write that
   * fails ends the transaction, even if `work` catches the error: ask before writing what another writer may have written.
   */
  transaction<Result>(work: (inside: Repositories) => Promise<Result>): Promise<Result>;
  /**
   * Calls `listener` with each audit entry after its commit, and with those that `announceAudit` reads. Returns a function
   * that removes the listener.
   */
  onAudit(listener: (row: AuditRow) => void): () => void;
  /** Reads these audit entries and calls the listeners of `onAudit` with those that another process appended. */
  announceAudit(ids: readonly string[]): Promise<void>;
  /** Calls `listener` with the revision of each transaction of this process that changed something, after its commit. */
  onRevision(listener: (revision: number) => void): () => void;
  readonly health: Pick<StoreHealth, 'outage' | 'watch'>;
  /** Finishes the running statement or transaction and closes the database. Everything else fails with `closed`. */
  close(): Promise<void>;
};

export type SqlStoreOptions = {
  readonly db: Kysely<Database>;
  readonly now: DatabaseClock;
  readonly health: StoreHealth;
  readonly close: () => Promise<void>;
  /** Runs a transaction, again if the database asks for that. */
  readonly transact: <Result>(work: (inside: Kysely<Database>) => Promise<Result>) => Promise<Result>;
};

/** Audit entries of this process of which the ids are remembered, so that they are not announced twice. */
const MAX_OWN_ENTRIES = 10_000;

type Committed<Result> = {
  readonly result: Result;
  readonly appended: readonly AuditRow[];
  readonly revision: number | undefined;
};

/** The database of a store without its repositories: column names are those of SQL. For copying a store as it is. */
export type StoreTables = {
  readonly db: Kysely<unknown>;
  readonly transact: <Result>(work: (inside: Kysely<unknown>) => Promise<Result>) => Promise<Result>;
};

const tablesOfStores = new WeakMap<Store, StoreTables>();

export function tablesOf(store: Store): StoreTables {
  const tables = tablesOfStores.get(store);
  if (tables === undefined) throw new TypeError('This store was not opened by the package.');
  return tables;
}

/** The store over an open database with migrated tables, whichever database that is. */
export function sqlStore({ db, now, health, close, transact }: SqlStoreOptions): Store {
  const auditListeners = new Set<(row: AuditRow) => void>();
  const revisionListeners = new Set<(revision: number) => void>();
  const ownEntries = new Set<string>();

  function appendedHere(row: AuditRow): void {
    ownEntries.add(row.id);
    if (ownEntries.size > MAX_OWN_ENTRIES) {
      const [oldest = ''] = ownEntries;
      ownEntries.delete(oldest);
    }
    announce(row);
  }

  function announce(row: AuditRow): void {
    for (const listener of auditListeners) listener(row);
  }

  async function transaction<Result>(work: (inside: Repositories, db: Kysely<Database>) => Promise<Result>) {
    const { result, appended, revision } = await transact(async (inside): Promise<Committed<Result>> => {
      // New at each run: a transaction that runs again starts over.
      const appended: AuditRow[] = [];
      const changes: Change[] = [];
      let failure: { readonly error: unknown } | undefined;
      const write: Writing = async (kind, key, change) => {
        try {
          const outcome = await change(inside);
          if (outcome !== false) changes.push({ kind, key });
          return outcome;
        } catch (error) {
          failure ??= { error };
          throw error;
        }
      };
      const repositories = repositoriesOver(inside, { write, now, onAudit: (row) => appended.push(row) });
      const result = await work(repositories, inside);
      // PostgreSQL would have ended the transaction, and SQLite would commit the rest of it.
      if (failure !== undefined) throw failure.error;
      const revision = changes.length === 0 ? undefined : await recordChanges(inside, changes);
      return { result, appended, revision };
    });
    for (const row of appended) appendedHere(row);
    if (revision !== undefined) for (const listener of revisionListeners) listener(revision);
    return result;
  }

  /** A write outside a transaction has one of its own, for its change. */
  const write: Writing = (kind, key, change) =>
    transact(async (inside) => {
      const outcome = await change(inside);
      const revision = outcome === false ? undefined : await recordChanges(inside, [{ kind, key }]);
      return { outcome, revision };
    }).then(({ outcome, revision }) => {
      if (revision !== undefined) for (const listener of revisionListeners) listener(revision);
      return outcome;
    });

  const repositories = repositoriesOver(db, { write, now, onAudit: appendedHere });
  const store: Store = {
    ...repositories,
    transaction,
    async announceAudit(ids) {
      const others = ids.filter((id) => !ownEntries.has(id));
      for (const row of await repositories.audit.byIds(others)) announce(row);
    },
    onAudit: (listener) => addTo(auditListeners, listener),
    onRevision: (listener) => addTo(revisionListeners, listener),
    health,
    close() {
      health.stop();
      // Not through kysely, which would reject later calls with an error of its own.
      return close();
    },
  };
  tablesOfStores.set(store, {
    // Kysely's type of a database is invariant, and nothing here depends on the tables.
    db: db.withoutPlugins() as unknown as Kysely<unknown>,
    transact: (work) => transact((inside) => work(inside.withoutPlugins() as unknown as Kysely<unknown>)),
  });
  return store;
}

function addTo<Item>(set: Set<Item>, item: Item): () => void {
  set.add(item);
  return () => {
    set.delete(item);
  };
}
