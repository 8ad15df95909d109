import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { everyDriver } from '@penstock/connection-strings';
import mysql2, { type RowDataPacket } from 'mysql2/promise';
import { TestAuthority } from '../rig/certificates.ts';
import { MariaDb } from '../rig/mariadb.ts';
import { skipWithout } from '../rig/optional.ts';
import type { Pair } from '../rig/pair.ts';
import { Postgres } from '../rig/postgres.ts';
import { ManagedProcess } from '../rig/process.ts';
import { skipWithoutJdbc } from './driver-jars.ts';
import { JavaPrograms } from './java-program.ts';
import { expectJdbcWorks, mariadb as mariadbSql } from './jdbc-work.ts';
import { type Language, languages, skipWithoutLanguage, skipWithoutOdbc } from './language-drivers.ts';
import {
  driverNamed,
  endpointOf,
  type IngressVariant,
  printedFor,
  serverNames,
  startPairWithIngress,
} from './tested-ingress.ts';

const VARIANTS: readonly IngressVariant[] = ['tcp', 'sni passthrough', 'sni terminate'];
const withoutMariadb = skipWithout('mariadbd');

const stack = new AsyncDisposableStack();
let postgres: Postgres;
/** Without TLS: the printed strings must not require it. */
let mariadb: MariaDb | undefined;
let pair: Pair;
let authorityFile: string;

before(async () => {
  const authority = await TestAuthority.create('databases');
  const names = ['127.0.0.1', ...serverNames('orders')];
  postgres = stack.use(await Postgres.start({ tls: await authority.issue({ commonName: 'db', names }) }));
  const plain = stack.use(await Postgres.start());
  if (!withoutMariadb) mariadb = stack.use(await MariaDb.start());
  pair = stack.use(
    await startPairWithIngress(
      {
        orders: { port: postgres.address.port, kind: 'postgresql', variants: VARIANTS },
        plain: { port: plain.address.port, kind: 'postgresql', variants: ['tcp'] },
        shop: { port: mariadb?.address.port ?? 1, kind: 'mysql', variants: ['tcp'] },
      },
      authority,
    ),
  );
  passwords.set('orders', postgres.password).set('plain', plain.password);
  if (mariadb !== undefined) passwords.set('shop', mariadb.password);
  authorityFile = join(pair.directory, 'databases.pem');
  await writeFile(authorityFile, authority.certificate);
});
after(() => stack.disposeAsync());

const passwords = new Map<string, string>();

async function printed(driver: string, connection: string, variant: IngressVariant): Promise<string> {
  const { user, database } = connection === 'shop' && mariadb !== undefined ? mariadb : postgres;
  const endpoint = await endpointOf(pair, connection, variant);
  return printedFor(driverNamed(everyDriver, driver), endpoint, { connection, user, database }).connect;
}

/** Runs the program of a language with a printed string, in which only FILE is replaced. */
async function answers(
  language: Language,
  driver: string,
  connection: string,
  variant: IngressVariant = 'tcp',
  adjust = (text: string) => text,
): Promise<void> {
  const text = adjust(await printed(driver, connection, variant)).replace('=FILE', `=${authorityFile}`);
  const { command, args } = languages[language];
  await using program = await ManagedProcess.start({
    command,
    args: [...args, driver, text],
    env: {
      DATABASE_PASSWORD: passwords.get(connection) ?? '',
      HOME: '/nonexistent',
      // The trusted CAs of the system.
      SSL_CERT_FILE: authorityFile,
      // For libpq: the names of the test are not in DNS.
      PGHOSTADDR: '127.0.0.1',
    },
  });
  const { code } = await program.exit(60_000);
  assert.equal(code, 0, `${text}\n${program.output}`);
  assert.equal(program.output.trim(), '42');
}

const ofPostgres = { psycopg: 'python', asyncpg: 'python', sqlalchemy: 'python', pgx: 'go' } as const;
for (const [driver, language] of Object.entries(ofPostgres)) {
  const skip = skipWithoutLanguage(language);
  for (const variant of VARIANTS) {
    test(`${driver} through ${variant}: the printed string works`, { skip }, () =>
      answers(language, driver, 'orders', variant),
    );
  }
  test(`${driver} with a server without TLS: the printed string works`, { skip }, () =>
    answers(language, driver, 'plain'),
  );
}

for (const variant of VARIANTS) {
  test(`psqlODBC through ${variant}: the printed string works`, { skip: skipWithoutOdbc() }, () =>
    // Its note says what an older libpq than 16, such as Debian's, needs.
    answers('python', 'odbc', 'orders', variant, (text) =>
      text.replace('sslrootcert=system', `sslrootcert=${authorityFile}`),
    ),
  );
}
test('psqlODBC with a server without TLS: the printed string works', { skip: skipWithoutOdbc() }, () =>
  answers('python', 'odbc', 'plain'),
);

const ofMysql = { pymysql: 'python', 'sqlalchemy-mysql': 'python', 'go-sql-driver': 'go' } as const;
for (const [driver, language] of Object.entries(ofMysql)) {
  const skip = withoutMariadb || skipWithoutLanguage(language);
  test(`${driver} with a server without TLS: the printed string works`, { skip }, () =>
    answers(language, driver, 'shop'),
  );
}

test('mysql2 with a server without TLS: the printed string works', { skip: withoutMariadb }, async () => {
  const uri = await printed('mysql2', 'shop', 'tcp');
  const client = await mysql2.createConnection({ uri, password: passwords.get('shop') ?? '' });
  const [rows] = await client.query<(RowDataPacket & { answer: number })[]>('select 6 * 7 as answer');
  await client.end();
  assert.equal(rows[0]?.answer, 42);
});

for (const program of ['mysql', 'mariadb']) {
  const skip = withoutMariadb || skipWithout(program);
  test(`the ${program} program: the printed command works`, { skip }, async () => {
    const command = await printed('mysql-program', 'shop', 'tcp');
    await writeFile(join(pair.directory, '.my.cnf'), `[client]\npassword=${passwords.get('shop')}\n`);
    await using shell = await ManagedProcess.start({
      command: 'sh',
      args: ['-c', `echo 'select 6 * 7' | ${command.replace(/^mysql /, `${program} --skip-column-names `)}`],
      env: { HOME: pair.directory },
    });
    assert.equal((await shell.exit(30_000)).code, 0, shell.output);
    assert.equal(shell.output.trim(), '42');
  });
}

test('MariaDB Connector/J with a server without TLS: the printed string works', {
  skip: withoutMariadb || skipWithoutJdbc(),
}, async () => {
  assert.ok(mariadb);
  await using java = await JavaPrograms.compile();
  const url = await printed('mariadb', 'shop', 'tcp');
  await expectJdbcWorks(java, { url, login: mariadb, properties: {} }, mariadbSql);
});

test('DBeaver: its URLs are those of the JDBC drivers without the user', async () => {
  for (const [driver, jdbc] of [
    ['dbeaver', 'pgjdbc'],
    ['dbeaver-mysql', 'mysql'],
  ] as const) {
    const connection = driver === 'dbeaver' ? 'orders' : 'shop';
    const url = await printed(jdbc, connection, 'tcp');
    assert.equal(await printed(driver, connection, 'tcp'), url.replace(/user=\w+&/, ''));
  }
});
