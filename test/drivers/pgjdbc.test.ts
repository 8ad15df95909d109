import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { everyDriver } from '@penstock/gateway';
import { expectIdle } from '../data-path/idle.ts';
import { TestAuthority } from '../rig/certificates.ts';
import type { Pair } from '../rig/pair.ts';
import { Postgres } from '../rig/postgres.ts';
import { type DriverSet, skipWithoutJdbc } from './driver-jars.ts';
import { JavaPrograms } from './java-program.ts';
import { expectJdbcWorks, postgresql } from './jdbc-work.ts';
import { driverNamed, printedFor, startPairWithWays, type WayName, wayInto } from './ways-in.ts';

const WAYS: readonly WayName[] = ['tcp'];
const PGJDBC = driverNamed(everyDriver, 'pgjdbc');

const stack = new AsyncDisposableStack();
let postgres: Postgres;
let pair: Pair;
let java: JavaPrograms;
let authorityFile: string;

before(async () => {
  if (skipWithoutJdbc()) return;
  const authority = await TestAuthority.create('databases');
  postgres = stack.use(await Postgres.start({ tls: await authority.issue({ commonName: 'db' }) }));
  pair = stack.use(await startPairWithWays({ orders: { port: postgres.address.port, ways: WAYS } }));
  java = stack.use(await JavaPrograms.compile());
  authorityFile = join(pair.directory, 'databases.pem');
  await writeFile(authorityFile, authority.certificate);
});
after(() => stack.disposeAsync());

async function works(drivers: DriverSet, name: WayName, parameters = ''): Promise<void> {
  const way = await wayInto(pair, 'orders', name);
  const { user, database } = postgres;
  const { connect, properties } = printedFor(PGJDBC, way, { connection: 'orders', user, database });
  await expectJdbcWorks(
    java,
    { url: `${connect}${parameters}`, login: postgres, properties, drivers },
    postgresql,
  );
  await expectIdle(pair);
}

for (const drivers of ['pinned', 'debian-pgjdbc'] as const) {
  for (const way of WAYS) {
    test(
      `pgjdbc (${drivers}) by ${way}: the printed string works, and cancels`,
      {
        skip: skipWithoutJdbc(drivers),
      },
      () => works(drivers, way),
    );
  }

  test(`pgjdbc (${drivers}) by tcp: without TLS`, { skip: skipWithoutJdbc(drivers) }, () =>
    works(drivers, 'tcp', '&sslmode=disable'),
  );

  test(
    `pgjdbc (${drivers}) by tcp: the certificate of the database is verified, name and all`,
    {
      skip: skipWithoutJdbc(drivers),
    },
    () => works(drivers, 'tcp', `&sslmode=verify-full&sslrootcert=${authorityFile}`),
  );
}

test('pgjdbc by tcp: TLS from the first byte', { skip: skipWithoutJdbc() }, () =>
  works('pinned', 'tcp', `&sslmode=verify-full&sslrootcert=${authorityFile}&sslNegotiation=direct`),
);
