import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { DriverSet } from './driver-jars.ts';
import type { JavaLine, JavaPrograms } from './java-program.ts';

const ROWS = 20_000;

/** The database-specific parts of the work. */
export type Dialect = {
  readonly sum: string;
  /** Returns ROWS rows of `lineOf`. */
  readonly many: string;
  /** A query that runs for a minute unless it is canceled, and the driver's error message for that. */
  readonly sleep: string;
  readonly canceled: RegExp;
};

export const postgresql: Dialect = {
  sum: 'select 40 + 2',
  many: `select g || ':' || repeat('x', 200) from generate_series(1, ${ROWS}) g`,
  sleep: 'select pg_sleep(60)',
  canceled: /canceling statement due to user request/,
};

export const mariadb: Dialect = {
  sum: 'select 40 + 2',
  many: `select concat(seq, ':', repeat('x', 200)) from seq_1_to_${ROWS}`,
  sleep: 'select sleep(60), count(*) from seq_1_to_1000000 a, seq_1_to_1000000 b',
  canceled: /interrupted|cancelled due to client request/,
};

/** The queries that the byte-level fake of SQL Server supports. */
export const sqlServerFake: Dialect = {
  sum: 'select 40 + 2',
  many: 'select line from many',
  sleep: "waitfor delay '00:01:00'",
  canceled: /query was canceled/,
};

const expected = createHash('sha256');
for (let row = 1; row <= ROWS; row += 1) expected.update(`${row}:${'x'.repeat(200)}\n`);
const EXPECTED_HASH = expected.digest('hex');

export type JdbcTarget = {
  readonly url: string;
  readonly login: { readonly user: string; readonly password: string };
  readonly properties?: Readonly<Record<string, string>>;
  readonly drivers?: DriverSet;
};

/** Connects, queries, reads megabytes with a known hash, cancels, and queries again on the same connection. */
export async function expectJdbcWorks(
  java: JavaPrograms,
  target: JdbcTarget,
  { sum, many, sleep, canceled }: Dialect,
): Promise<JavaLine[]> {
  const { url, ...rest } = target;
  const lines = await java.run({
    program: 'Jdbc',
    arguments: [url, `value:${sum}`, `hash:${many}`, `cancel:${sleep}`, `value:${sum}`],
    ...rest,
  });
  const [connected, first, hash, cancel, again] = lines;
  assert.equal(connected?.event, 'connected');
  assert.equal(first?.['value'], '42');
  assert.deepEqual([hash?.['rows'], hash?.['sha256']], [ROWS, EXPECTED_HASH]);
  assert.match(String(cancel?.['reason']), canceled);
  assert.equal(again?.['value'], '42');
  return lines;
}
