import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { everyDriver } from '@penstock/connection-strings';
import { Connection, type ConnectionConfiguration, Request } from 'tedious';
import { expectIdle } from '../data-path/idle.ts';
import { TestAuthority } from '../rig/certificates.ts';
import { deadline } from '../rig/deadline.ts';
import { eventually } from '../rig/eventually.ts';
import type { Pair } from '../rig/pair.ts';
import { FAKE_LOGIN, FAKE_ROWS } from '../rig/sqlserver-fake/conversation.ts';
import { type SqlServerFake, startSqlServerFake } from '../rig/sqlserver-fake/sqlserver-fake.ts';
import { skipWithoutJdbc } from './driver-jars.ts';
import { JavaPrograms } from './java-program.ts';
import { expectJdbcWorks, sqlServerFake } from './jdbc-work.ts';
import { jvmTrust } from './jvm-trust.ts';
import {
  driverNamed,
  endpointOf,
  type IngressVariant,
  printedFor,
  serverNames,
  startPairWithIngress,
} from './tested-ingress.ts';

const SQLSERVER = driverNamed(everyDriver, 'sqlserver');

const stack = new AsyncDisposableStack();
let authority: TestAuthority;
let fake: SqlServerFake;
let pair: Pair;
let java: JavaPrograms;
let trust: Readonly<Record<string, string>>;

before(async () => {
  authority = await TestAuthority.create('databases');
  fake = stack.use(
    await startSqlServerFake(
      await authority.issue({
        commonName: 'sql',
        names: ['sql.internal', '127.0.0.1', ...serverNames('orders')],
      }),
    ),
  );
  pair = stack.use(
    await startPairWithIngress(
      {
        orders: {
          port: fake.address.port,
          kind: 'sqlserver',
          variants: ['tcp', 'sni passthrough', 'sni terminate', 'socks5 without a grant'],
        },
      },
      authority,
    ),
  );
  if (skipWithoutJdbc()) return;
  java = stack.use(await JavaPrograms.compile());
  trust = await jvmTrust(pair.directory, authority, ['orders']);
});
after(() => stack.disposeAsync());

async function works(name: IngressVariant, parameters: string): Promise<void> {
  const endpoint = await endpointOf(pair, 'orders', name);
  const blanks = { connection: 'orders', user: FAKE_LOGIN.user, database: 'master', target: fake.address };
  const { connect, properties: printed } = printedFor(SQLSERVER, endpoint, blanks);
  const properties = { ...trust, ...printed };
  await expectJdbcWorks(
    java,
    { url: `${connect}${parameters}`, login: FAKE_LOGIN, properties },
    sqlServerFake,
  );
  await expectIdle(pair);
}

test('mssql-jdbc through tcp, against a fake: TLS inside PRELOGIN', { skip: skipWithoutJdbc() }, () =>
  works('tcp', ';trustServerCertificate=true'),
);

test('mssql-jdbc through tcp, against a fake: no TLS', { skip: skipWithoutJdbc() }, () =>
  works('tcp', ';encrypt=false'),
);

for (const variant of ['sni passthrough', 'sni terminate'] as const) {
  test(
    `mssql-jdbc through ${variant}, against a fake: the printed string, with TDS 8`,
    { skip: skipWithoutJdbc() },
    () => works(variant, ''),
  );
}

test(
  'mssql-jdbc through socks5, against a fake: it requests the address of the server',
  { skip: skipWithoutJdbc() },
  () => works('socks5 without a grant', ';trustServerCertificate=true'),
);

type Encrypt = NonNullable<NonNullable<ConnectionConfiguration['options']>['encrypt']>;

async function connect(
  encrypt: Encrypt,
  { name = 'tcp', password = FAKE_LOGIN.password }: { name?: IngressVariant; password?: string } = {},
): Promise<Connection> {
  const { kind, host, port } = await endpointOf(pair, 'orders', name);
  const connection = new Connection({
    // The name is not in DNS: the client connects to the address and sends the name.
    server: '127.0.0.1',
    authentication: { type: 'default', options: { userName: FAKE_LOGIN.user, password } },
    options: {
      port,
      encrypt,
      serverName: kind === 'sni' ? host : 'sql.internal',
      trustServerCertificate: encrypt !== 'strict',
      cryptoCredentialsDetails: { ca: authority.certificate },
    },
  });
  const connected = Promise.withResolvers<void>();
  connection.connect((error) =>
    error === undefined || error === null ? connected.resolve() : connected.reject(error),
  );
  await deadline('tedious to connect', connected.promise, 20_000);
  return connection;
}

/** Returns the first column of every row. */
async function query(connection: Connection, sql: string): Promise<string[]> {
  const values: string[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const request = new Request(sql, (error) => (error ? reject(error) : resolve()));
  request.on('row', ([column]: { value: string }[]) => values.push(column?.value ?? ''));
  connection.execSqlBatch(request);
  await deadline(sql, promise, 20_000);
  return values;
}

const variants = [
  ['tcp', true],
  ['tcp', false],
  ['tcp', 'strict'],
  ['sni passthrough', 'strict'],
  ['sni terminate', 'strict'],
] as const;
for (const [name, encrypt] of variants) {
  test(`tedious through ${name}, against a fake: encrypt ${encrypt}`, async () => {
    const connection = await connect(encrypt, { name });
    assert.deepEqual(await query(connection, 'select 40 + 2'), ['42']);
    const found = createHash('sha256');
    const expected = createHash('sha256');
    for (const line of await query(connection, 'select line from many')) found.update(line);
    for (let row = 1; row <= FAKE_ROWS; row += 1) expected.update(`${row}:${'x'.repeat(200)}`);
    assert.equal(found.digest('hex'), expected.digest('hex'));
    const { slept } = fake;
    const canceled = assert.rejects(query(connection, "waitfor delay '00:01:00'"), { code: 'ECANCEL' });
    await eventually('the query to arrive', () => fake.slept === slept + 1);
    connection.cancel();
    await canceled;
    assert.deepEqual(await query(connection, 'select 40 + 2'), ['42']);
    const ended = once(connection, 'end');
    connection.close();
    await ended;
    await expectIdle(pair);
  });
}

test('a wrong password is reported by the server, not by the tunnel', async () => {
  await assert.rejects(connect(true, { password: 'wrong' }), /Login failed for user 'sa'/);
  await expectIdle(pair);
});
