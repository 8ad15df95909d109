import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { Secret } from '@penstock/config-schema';
import pg from 'pg';
import { TestAuthority } from '../rig/certificates.ts';
import { TestClient } from '../rig/client.ts';
import { deadline } from '../rig/deadline.ts';
import { eventually } from '../rig/eventually.ts';
import type { Pair } from '../rig/pair.ts';
import { Postgres } from '../rig/postgres.ts';
import { HOSTS, startSniPair } from './sni-rig.ts';

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
const CANCEL_REQUEST = Buffer.from([0, 0, 0, 16, 4, 210, 22, 46, 0, 0, 0, 1, 9, 9, 9, 9]);

const stack = new AsyncDisposableStack();
const authority = await TestAuthority.create('CA');
const certificate = await authority.issue({ commonName: 'gateway', names: Object.values(HOSTS) });
/** A server without TLS. */
let postgres: Postgres;
let pair: Pair;
before(async () => {
  postgres = stack.use(await Postgres.start());
  pair = stack.use(
    await startSniPair({
      postgres,
      certificate,
      targetTls: { mode: 'disable' },
      clientAuthority: authority,
      gateway: { limits: { handshakeTimeout: '1s', pendingHandshakes: 3 } },
    }),
  );
});
after(() => stack.disposeAsync());

const address = () => ({ host: '127.0.0.1', port: pair.port('terminate') });
const denial = (where: RegExp) =>
  pair.event('client-denied', { past: true, where: ({ detail }) => where.test(String(detail)) });

/** The error with which a PostgreSQL client is refused. */
async function refusal(
  ssl: ConnectionOptions | false,
  more: pg.ClientConfig = {},
): Promise<Error & { code?: string }> {
  const client = new pg.Client({ ...postgres.clientConfig(address()), ssl, ...more });
  client.on('error', () => {});
  return client.connect().then(
    () => assert.fail('The client was not refused.'),
    (error: Error) => error,
  );
}

/** The alert with which a TLS client is refused. */
async function alertOf(options: ConnectionOptions): Promise<string> {
  const socket: TLSSocket = connect({ ...address(), rejectUnauthorized: false, ...options });
  const [error] = (await deadline('an alert', once(socket, 'error'))) as [Error & { code?: string }];
  return error.code ?? error.message;
}

const jane = await authority.issue({ commonName: 'jane', usage: 'client' });
/** TLS options of a client in mode terminate. A new object each time, since `pg` hides the key in the one it is given. */
const terminateTls = () => ({
  ca: authority.certificate,
  servername: HOSTS.terminate,
  cert: jane.chain,
  key: jane.key,
});

test('a client without TLS gets an error in its own protocol', async () => {
  const error = await refusal(false);
  assert.equal(error.code, '08004');
  assert.match(error.message, /This port requires TLS/);
  await denial(/the client did not request it/);
});

test('an unknown or missing server name causes a TLS alert', async () => {
  assert.equal(await alertOf({ servername: 'nobody.db.example' }), 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME');
  assert.equal(await alertOf({}), 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME');
  await denial(
    /requested the server name nobody\.db\.example in TLS \(SNI\), and no connection of this port has that host/,
  );
  await denial(/sent no server name in TLS/);
});

test('a target without TLS causes an alert and a log entry', async () => {
  const error = await refusal({ rejectUnauthorized: false, servername: HOSTS.passthrough });
  assert.match(error.message, /handshake failure/);
  const { code, detail } = await pair.event('connection-failed', { past: true });
  assert.equal(code, 'TLS_FAILED');
  assert.match(String(detail), /does not support it/);
});

test('a client must present a certificate of clientCa', async () => {
  const client = new pg.Client({ ...postgres.clientConfig(address()), ssl: terminateTls() });
  await client.connect();
  assert.deepEqual((await client.query('select 1 as one')).rows, [{ one: 1 }]);
  await client.end();
  const { cert: _cert, key: _key, ...without } = terminateTls();
  await refusal(without);
  await denial(/TLS handshake with the client failed: .*peer did not return a certificate/);
  const stranger = await TestAuthority.create('another CA');
  const other = await stranger.issue({ commonName: 'mallory', usage: 'client' });
  await refusal({ ...terminateTls(), cert: other.chain, key: other.key });
  await denial(/certificate is not accepted/);
});

test('options can name the connection if the server name does not', async () => {
  const elsewhere = () => ({
    ...terminateTls(),
    servername: 'any.example',
    checkServerIdentity: () => undefined,
  });
  const options = '-c penstock.connection=terminate -c application_name=nightly';
  const client = new pg.Client({ ...postgres.clientConfig(address()), ssl: elsewhere(), options });
  await client.connect();
  assert.deepEqual((await client.query('show application_name')).rows, [{ application_name: 'nightly' }]);
  await client.end();
  assert.match(
    (await refusal(elsewhere())).message,
    /sent any\.example, which is not a host of this port, in TLS/,
  );
  assert.match(
    (await refusal(elsewhere(), { options: '--penstock.connection=passthrough' })).message,
    /requested passthrough in its options, which is not a connection of this port with mode terminate/,
  );
});

test('the log names the ingress, and shows no option that is not a name', async () => {
  const elsewhere = { ...terminateTls(), servername: 'any.example', checkServerIdentity: () => undefined };
  await refusal(elsewhere, { options: `--penstock.connection=${'x'.repeat(2000)}` });
  const { ingress } = await denial(/requested an invalid name in its options/);
  assert.match(String(ingress), /^127\.0\.0\.1:\d+$/);
});

test('a CancelRequest with an unknown key is not forwarded', async () => {
  const before = pair.logged.filter(({ event }) => event === 'open-succeeded').length;
  await using client = await TestClient.connect(address());
  client.send(CANCEL_REQUEST);
  const { bytes, ended: how } = await client.receive();
  assert.deepEqual({ bytes, how }, { bytes: 0, how: 'fin' });
  await denial(/A CancelRequest has neither/);
  assert.equal(pair.logged.filter(({ event }) => event === 'open-succeeded').length, before);
});

test('incomplete handshakes time out, and those of one address do not block another', async () => {
  await using halfway = await TestClient.connect(address());
  halfway.send(SSL_REQUEST);
  assert.equal(String(await halfway.read(1)), 'S');
  await using slow = await TestClient.connect(address());
  slow.send(Buffer.from([22, 3, 1, 2, 0]));
  const ends = [halfway, slow].map((client) => client.receive(15_000));
  await eventually('a client beyond the limit to be refused', async () => {
    // The first ones may have timed out. A client that is refused may be reset before its connect has completed.
    const ended = [1, 2, 3].map(async () => {
      const other = await TestClient.connect(address()).catch(() => undefined);
      await other?.receive(15_000);
      await other?.[Symbol.asyncDispose]();
    });
    await Promise.all(ended);
    return pair.logged.some(({ detail }) => /half of limits/.test(String(detail)));
  });
  await denial(/127\.0\.0\.1 has reached half of limits\.pendingHandshakes \(2 of 3\)/);
  await using elsewhere = await TestClient.connect({ ...address(), localAddress: '127.0.0.2' });
  elsewhere.send(SSL_REQUEST);
  assert.equal(String(await elsewhere.read(1)), 'S');
  for (const { ended: how } of await Promise.all(ends)) assert.equal(how, 'reset');
  await denial(/did not complete its handshake within limits\.handshakeTimeout \(1000 ms\)/);
  const client = new pg.Client({ ...postgres.clientConfig(address()), ssl: terminateTls() });
  await client.connect();
  await client.end();
});

test('a reloaded certificate applies to new clients only', async () => {
  const next = await TestAuthority.create('next CA');
  const renewed = await next.issue({ commonName: 'gateway', names: Object.values(HOSTS) });
  const before = new pg.Client({ ...postgres.clientConfig(address()), ssl: terminateTls() });
  await before.connect();
  await pair.gateway.apply({
    ...pair.gatewayConfig,
    ingressTls: { certificate: renewed.chain, key: new Secret(renewed.key), clientCa: undefined },
  });
  const { cert: _cert, key: _key, ...without } = terminateTls();
  const after = new pg.Client({
    ...postgres.clientConfig(address()),
    ssl: { ...without, ca: next.certificate },
  });
  await after.connect();
  for (const client of [before, after]) {
    assert.deepEqual((await client.query('select 1 as one')).rows, [{ one: 1 }]);
    await client.end();
  }
});
