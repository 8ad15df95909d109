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
/** Its server speaks no TLS. */
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

/** Why a client of PostgreSQL is refused. */
async function refusal(
  ssl: ConnectionOptions | false,
  more: pg.ClientConfig = {},
): Promise<Error & { code?: string }> {
  const client = new pg.Client({ ...postgres.clientConfig(address()), ssl, ...more });
  client.on('error', () => {});
  return client.connect().then(
    () => assert.fail('The client got in.'),
    (error: Error) => error,
  );
}

/** Why a client that speaks TLS first is refused. */
async function alertOf(options: ConnectionOptions): Promise<string> {
  const socket: TLSSocket = connect({ ...address(), rejectUnauthorized: false, ...options });
  const [error] = (await deadline('an alert', once(socket, 'error'))) as [Error & { code?: string }];
  return error.code ?? error.message;
}

const own = await authority.issue({ commonName: 'jane', usage: 'client' });
/** A new one each time: `pg` hides the key of what it was given. */
const ended = () => ({
  ca: authority.certificate,
  servername: HOSTS.terminate,
  cert: own.chain,
  key: own.key,
});

test('a client without TLS is told so in its own protocol', async () => {
  const error = await refusal(false);
  assert.equal(error.code, '08004');
  assert.match(error.message, /This port takes TLS only/);
  await denial(/the client asked for none/);
});

test('an unknown host is an alert of TLS, and so is none', async () => {
  assert.equal(await alertOf({ servername: 'nobody.db.example' }), 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME');
  assert.equal(await alertOf({}), 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME');
  await denial(/asked for nobody\.db\.example, and no connection of this port has that host/);
  await denial(/named no host in TLS/);
});

test('a target that speaks no TLS is an alert as well, and the log says why', async () => {
  const error = await refusal({ rejectUnauthorized: false, servername: HOSTS.passthrough });
  assert.match(error.message, /handshake failure/);
  const { code, detail } = await pair.event('connection-failed', { past: true });
  assert.equal(code, 'TLS_FAILED');
  assert.match(String(detail), /speaks no TLS/);
});

test('a client must show a certificate of the authority it is asked for', async () => {
  const client = new pg.Client({ ...postgres.clientConfig(address()), ssl: ended() });
  await client.connect();
  assert.deepEqual((await client.query('select 1 as one')).rows, [{ one: 1 }]);
  await client.end();
  const { cert: _cert, key: _key, ...without } = ended();
  await refusal(without);
  await denial(/TLS with the client failed: .*peer did not return a certificate/);
  const stranger = await TestAuthority.create('another CA');
  const other = await stranger.issue({ commonName: 'mallory', usage: 'client' });
  await refusal({ ...ended(), cert: other.chain, key: other.key });
  await denial(/certificate is not accepted/);
});

test('options can name the connection where the host does not', async () => {
  const elsewhere = () => ({ ...ended(), servername: 'any.example', checkServerIdentity: () => undefined });
  const options = '-c penstock.connection=terminate -c application_name=nightly';
  const client = new pg.Client({ ...postgres.clientConfig(address()), ssl: elsewhere(), options });
  await client.connect();
  assert.deepEqual((await client.query('show application_name')).rows, [{ application_name: 'nightly' }]);
  await client.end();
  assert.match(
    (await refusal(elsewhere())).message,
    /named any\.example, which is no host of this port, in TLS/,
  );
  assert.match(
    (await refusal(elsewhere(), { options: '--penstock.connection=passthrough' })).message,
    /for passthrough, which this port has not, or only with passthrough/,
  );
});

test('the log says by which ingress a client came, and shows no option that is no name', async () => {
  const elsewhere = { ...ended(), servername: 'any.example', checkServerIdentity: () => undefined };
  await refusal(elsewhere, { options: `--penstock.connection=${'x'.repeat(2000)}` });
  const { ingress } = await denial(/for what is no name, which this port has not/);
  assert.match(String(ingress), /^127\.0\.0\.1:\d+$/);
});

test('a cancel request of nobody goes nowhere', async () => {
  const before = pair.logged.filter(({ event }) => event === 'open-succeeded').length;
  await using client = await TestClient.connect(address());
  client.send(CANCEL_REQUEST);
  const { bytes, ended: how } = await client.receive();
  assert.deepEqual({ bytes, how }, { bytes: 0, how: 'fin' });
  await denial(/A query was to be canceled/);
  assert.equal(pair.logged.filter(({ event }) => event === 'open-succeeded').length, before);
});

test('half-open clients leave when time is up, and those of one address stand in nobody else’s way', async () => {
  await using asking = await TestClient.connect(address());
  asking.send(SSL_REQUEST);
  assert.equal(String(await asking.read(1)), 'S');
  await using slow = await TestClient.connect(address());
  slow.send(Buffer.from([22, 3, 1, 2, 0]));
  const ends = [asking, slow].map((client) => client.receive(15_000));
  const full = denial(/2 clients of 127\.0\.0\.1, half of limits\.pendingHandshakes, have not yet said/);
  await eventually('a client too many to be turned away', async () => {
    // It may be reset before it knows that it is connected.
    const another = await TestClient.connect(address()).catch(() => undefined);
    await another?.receive(15_000);
    await another?.[Symbol.asyncDispose]();
    return pair.logged.some(({ detail }) => /half of limits/.test(String(detail)));
  });
  await full;
  await using elsewhere = await TestClient.connect({ ...address(), localAddress: '127.0.0.2' });
  elsewhere.send(SSL_REQUEST);
  assert.equal(String(await elsewhere.read(1)), 'S');
  for (const { ended: how } of await Promise.all(ends)) assert.equal(how, 'reset');
  await denial(/did not say what it wants within 1000 ms/);
  const client = new pg.Client({ ...postgres.clientConfig(address()), ssl: ended() });
  await client.connect();
  await client.end();
});

test('a reload puts another certificate in force for the clients to come', async () => {
  const next = await TestAuthority.create('next CA');
  const renewed = await next.issue({ commonName: 'gateway', names: Object.values(HOSTS) });
  const before = new pg.Client({ ...postgres.clientConfig(address()), ssl: ended() });
  await before.connect();
  await pair.gateway.apply({
    ...pair.gatewayConfig,
    ingressTls: { certificate: renewed.chain, key: new Secret(renewed.key), clientCa: undefined },
  });
  const { cert: _cert, key: _key, ...without } = ended();
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
