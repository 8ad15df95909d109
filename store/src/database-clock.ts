import { type RawBuilder, sql } from 'kysely';

/** SQL of the database's clock, in whole milliseconds since 1970. Leases are compared with no other clock. */
export type DatabaseClock = RawBuilder<number>;

/** The clock of the host, since the file is on it. */
export const sqliteClock: DatabaseClock = sql<number>`cast(unixepoch('subsec') * 1000 as integer)`;

/** Not `now()`, which stands still inside a transaction. */
export const postgresClock: DatabaseClock = sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`;
