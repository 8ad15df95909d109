import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { everyDriver, type Placeholders } from '@penstock/connection-strings';
import mysql2, { type RowDataPacket } from 'mysql2/promise';
import { expectIdle } from '../data-path/idle.ts';
import { TestAuthority } from '../rig/certificates.ts';
import { eventually } from '../rig/eventually.ts';
import { MariaDb } from '../rig/mariadb.ts';
import { skipWithout } from '../rig/optional.ts';
import type { Pair } from '../rig/pair.ts';
import { skipWithoutJdbc } from './driver-jars.ts';
import { JavaPrograms } from './java-program.ts';
import { expectJdbcWorks, mariadb } from './jdbc-work.ts';
import {
  driverNamed,
  endpointOf,
  grantLabel,
  type IngressVariant,
  printedFor,
  startPairWithIngress,
} from './tested-ingress.ts';

/** Ingress that the drivers support. MariaDB's resolves names itself and requests an address from a proxy. */
const VARIANTS: readonly IngressVariant[] = ['tcp', 'socks5 with a grant', 'socks5 without a grant'];
const withoutServer = skipWithout('mariadbd');
const withoutJdbc = withoutServer || skipWithoutJdbc();

const stack = new AsyncDisposableStack();
let server: MariaDb;
let pair: Pair;
let authorityFile: string;
let authority: TestAuthority;

before(async () => {
  if (withoutServer) return;
  authority = await TestAuthority.create('databases');
  server = stack.use(await MariaDb.start({ tls: await authority.issue({ commonName: 'db' }) }));
  pair = stack.use(
    await startPairWithIngress(
      { orders: { port: server.address.port, kind: 'mysql', variants: VARIANTS } },
      authority,
    ),
  );
  authorityFile = join(pair.directory, 'databases.pem');
  await writeFile(authorityFile, authority.certificate);
});
after(() => stack.disposeAsync());

async function works(
  driver: string,
  name: IngressVariant,
  parameters: string,
  blanks: Partial<Placeholders> = {},
): Promise<void> {
  await using java = await JavaPrograms.compile();
  const endpoint = await endpointOf(pair, 'orders', name);
  const { user, database } = server;
  const { connect: asPrinted, properties } = printedFor(driverNamed(everyDriver, driver), endpoint, {
    connection: 'orders',
    user,
    database,
    grant: await grantLabel(pair, 'orders'),
    ...blanks,
  });
  // The note on sslMode says to replace it.
  const connect = parameters.includes('sslMode=') ? asPrinted.replace('&sslMode=disable', '') : asPrinted;
  await expectJdbcWorks(java, { url: `${connect}${parameters}`, login: server, properties }, mariadb);
  await expectIdle(pair);
}

for (const variant of VARIANTS) {
  test(
    `MySQL Connector/J through ${variant}: the printed string works, and cancels`,
    { skip: withoutJdbc },
    () => works('mysql', variant, ''),
  );
}

for (const variant of ['tcp', 'socks5 without a grant'] as const) {
  test(
    `MariaDB Connector/J through ${variant}: with the authority of the database, and cancels`,
    {
      skip: withoutJdbc,
    },
    () =>
      works('mariadb', variant, `&sslMode=verify-ca&serverSslCert=${authorityFile}`, {
        target: server.address,
      }),
  );

  test(`MariaDB Connector/J through ${variant}: without TLS`, { skip: withoutJdbc }, () =>
    works('mariadb', variant, '', { target: server.address }),
  );
}

/** mysql2 does not support proxies, so it uses the TCP port of the connection. */
async function connect(tls: boolean): Promise<mysql2.Connection> {
  const { host, port } = await endpointOf(pair, 'orders', 'tcp');
  const { user, password, database } = server;
  const ssl = { ca: authority.certificate, verifyIdentity: true };
  return await mysql2.createConnection({ host, port, user, password, database, ...(tls && { ssl }) });
}

for (const tls of [true, false]) {
  test(`mysql2 through tcp, ${tls ? 'with' : 'without'} TLS: results are complete, and KILL QUERY cancels`, {
    skip: withoutServer,
  }, async () => {
    const client = await connect(tls);
    const [rows] = await client.query<(RowDataPacket & { line: string })[]>(
      "select concat(seq, ':', repeat('y', 300)) as line from seq_1_to_20000",
    );
    const found = createHash('sha256');
    const expected = createHash('sha256');
    for (const { line } of rows) found.update(line);
    for (let row = 1; row <= 20_000; row += 1) expected.update(`${row}:${'y'.repeat(300)}`);
    assert.equal(found.digest('hex'), expected.digest('hex'));

    const canceler = await connect(tls);
    const sleeping = assert.rejects(
      client.query('select sleep(60), count(*) from seq_1_to_1000000 a, seq_1_to_1000000 b'),
      { code: 'ER_QUERY_INTERRUPTED' },
    );
    await eventually('the query to run', async () => {
      const [found] = await canceler.query<RowDataPacket[]>(
        'select 1 from information_schema.processlist where id = ? and info like ?',
        [client.threadId, '%sleep(60)%'],
      );
      return found.length === 1;
    });
    await canceler.query(`kill query ${client.threadId}`);
    await sleeping;
    const [again] = await client.query<RowDataPacket[]>('select 42 as answer');
    assert.equal(again[0]?.['answer'], 42);
    await Promise.all([client.end(), canceler.end()]);
    await expectIdle(pair);
  });
}
