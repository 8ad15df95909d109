import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { everyDriver, type Placeholders } from '@penstock/connection-strings';
import { expectIdle } from '../data-path/idle.ts';
import { TestAuthority } from '../rig/certificates.ts';
import type { Pair } from '../rig/pair.ts';
import { Postgres } from '../rig/postgres.ts';
import { type DriverSet, skipWithoutJdbc } from './driver-jars.ts';
import { JavaPrograms } from './java-program.ts';
import { expectJdbcWorks, postgresql } from './jdbc-work.ts';
import { jvmTrust } from './jvm-trust.ts';
import {
  driverNamed,
  endpointOf,
  grantLabel,
  type IngressVariant,
  printedFor,
  serverNames,
  startPairWithIngress,
} from './tested-ingress.ts';

const VARIANTS: readonly IngressVariant[] = [
  'tcp',
  'sni passthrough',
  'sni terminate',
  'socks5 with a grant',
  'socks5 without a grant',
];
const PGJDBC = driverNamed(everyDriver, 'pgjdbc');

const stack = new AsyncDisposableStack();
let postgres: Postgres;
let pair: Pair;
let java: JavaPrograms;
let authorityFile: string;
let trust: Readonly<Record<string, string>>;

before(async () => {
  if (skipWithoutJdbc()) return;
  const authority = await TestAuthority.create('databases');
  const names = ['127.0.0.1', ...serverNames('orders')];
  postgres = stack.use(await Postgres.start({ tls: await authority.issue({ commonName: 'db', names }) }));
  pair = stack.use(
    await startPairWithIngress(
      { orders: { port: postgres.address.port, kind: 'postgresql', variants: VARIANTS } },
      authority,
    ),
  );
  java = stack.use(await JavaPrograms.compile());
  authorityFile = join(pair.directory, 'databases.pem');
  await writeFile(authorityFile, authority.certificate);
  trust = await jvmTrust(pair.directory, authority, ['orders']);
});
after(() => stack.disposeAsync());

async function works(
  drivers: DriverSet,
  name: IngressVariant,
  parameters = '',
  blanks: Partial<Placeholders> = {},
): Promise<void> {
  const endpoint = await endpointOf(pair, 'orders', name);
  const { user, database } = postgres;
  const { connect, properties } = printedFor(PGJDBC, endpoint, {
    connection: 'orders',
    user,
    database,
    grant: await grantLabel(pair, 'orders'),
    ...blanks,
  });
  await expectJdbcWorks(
    java,
    { url: `${connect}${parameters}`, login: postgres, properties: { ...trust, ...properties }, drivers },
    postgresql,
  );
  await expectIdle(pair);
}

for (const drivers of ['pinned', 'debian-pgjdbc'] as const) {
  for (const variant of VARIANTS) {
    test(
      `pgjdbc (${drivers}) through ${variant}: the printed string works, and cancels`,
      {
        skip: skipWithoutJdbc(drivers),
      },
      () => works(drivers, variant),
    );
  }

  test(`pgjdbc (${drivers}) through tcp: without TLS`, { skip: skipWithoutJdbc(drivers) }, () =>
    works(drivers, 'tcp', '&sslmode=disable'),
  );

  test(
    `pgjdbc (${drivers}) through tcp: verifies the certificate and name of the database`,
    {
      skip: skipWithoutJdbc(drivers),
    },
    () => works(drivers, 'tcp', `&sslmode=verify-full&sslrootcert=${authorityFile}`),
  );
}

for (const variant of ['tcp', 'sni passthrough', 'sni terminate'] as const) {
  test(`pgjdbc through ${variant}: direct TLS, and the name is verified`, { skip: skipWithoutJdbc() }, () =>
    works('pinned', variant, `&sslmode=verify-full&sslrootcert=${authorityFile}&sslNegotiation=direct`),
  );
}

test(
  'pgjdbc by socks5: it asks for the address of the database, and the name in the certificate fits',
  {
    skip: skipWithoutJdbc(),
  },
  () =>
    works('pinned', 'socks5 without a grant', `&sslmode=verify-full&sslrootcert=${authorityFile}`, {
      target: postgres.address,
    }),
);
