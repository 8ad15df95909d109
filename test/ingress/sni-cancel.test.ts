import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { connect } from 'node:tls';
import pg from 'pg';
import { TestAuthority } from '../rig/certificates.ts';
import { TestClient } from '../rig/client.ts';
import { deadline } from '../rig/deadline.ts';
import { eventually } from '../rig/eventually.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { Postgres } from '../rig/postgres.ts';

const names = ['one', 'two'] as const;
type Name = (typeof names)[number];
const hostOf = (name: Name, mode: string) => `${name}.${mode}.example`;
const modes = ['passthrough', 'terminate'] as const;
type Mode = (typeof modes)[number];

const stack = new AsyncDisposableStack();
const authority = await TestAuthority.create('CA');
const certificate = await authority.issue({
  commonName: 'all',
  names: ['127.0.0.1', ...names.flatMap((name) => modes.map((mode) => hostOf(name, mode)))],
});
/** Two databases behind one port, each in both modes. */
const servers = new Map<Name, Postgres>();
let pair: Pair;
before(async () => {
  for (const name of names) servers.set(name, stack.use(await Postgres.start({ tls: certificate })));
  const routes = names.flatMap((name) => modes.map((mode) => ({ name, mode, route: `${name}-${mode}` })));
  const port = (name: Name) => servers.get(name)?.address.port ?? assert.fail();
  pair = stack.use(
    await startPair({
      targets: Object.fromEntries(routes.map(({ name, route }) => [route, port(name)])),
      environment: { CERT: certificate.chain, KEY: certificate.key },
      gateway: {
        ingressTls: { certificate: '${env:CERT}', key: '${env:KEY}' },
        connections: routes.map(({ name, mode, route }) => ({
          name: route,
          connector: route,
          pools: ['dc1'],
          maxConnections: 1,
          ingress: [
            { sni: { listen: '127.0.0.1:0', host: hostOf(name, mode) }, mode, allow: ['127.0.0.0/8'] },
          ],
        })),
      },
      agent: {
        connectors: routes.map(({ name, route }) => ({
          name: route,
          kind: 'postgresql',
          address: `127.0.0.1:${port(name)}`,
          tls: { mode: 'require' },
        })),
      },
    }),
  );
});
after(() => stack.disposeAsync());

const address = () => ({ host: '127.0.0.1', port: pair.port('one-terminate') });
const opens = () =>
  pair.logged.filter(({ event }) => event === 'open-succeeded').map(({ connection }) => connection);

/** A client with a sleeping query, and the CancelRequest for that query. */
async function sleeper(name: Name, mode: Mode) {
  const server = servers.get(name) ?? assert.fail();
  const client = new pg.Client({
    ...server.clientConfig(address()),
    ssl: { ca: authority.certificate, servername: hostOf(name, mode) },
  });
  await client.connect();
  const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
  const request = Buffer.alloc(16);
  for (const [index, value] of [16, 80_877_102].entries()) request.writeInt32BE(value, index * 4);
  request.writeInt32BE(processID, 8);
  request.writeInt32BE(secretKey, 12);
  const outcome = client.query('select pg_sleep(60)').then(
    () => 'slept',
    (error: Error & { code?: string }) => error.code,
  );
  const witness = new pg.Client(server.clientConfig());
  await witness.connect();
  await eventually('the client to be asleep', async () => {
    const { rows } = await witness.query("select 1 from pg_stat_activity where wait_event = 'PgSleep'");
    return rows.length === 1;
  });
  await witness.end();
  const end = async () => {
    const closed = pair.event('connection-closed', {
      where: ({ connection }) => connection === `${name}-${mode}`,
    });
    await client.end();
    await closed;
  };
  return { request, outcome, end };
}

async function sendPlaintext(request: Buffer): Promise<void> {
  await using client = await TestClient.connect(address());
  client.send(request);
  assert.equal((await client.receive(10_000)).ended, 'fin');
}

test('a request with a known key is forwarded to one server only, even at its maxConnections', async () => {
  const one = await sleeper('one', 'terminate');
  const two = await sleeper('two', 'terminate');
  const before = opens().length;
  await sendPlaintext(one.request);
  assert.equal(await one.outcome, '57014');
  assert.deepEqual(opens().slice(before), ['one-terminate']);
  await sendPlaintext(two.request);
  assert.equal(await two.outcome, '57014');
  assert.deepEqual(opens().slice(before), ['one-terminate', 'two-terminate']);
  await Promise.all([one.end(), two.end()]);
});

test('a request whose key is hidden by TLS is forwarded only to the servers of clients at its address', async () => {
  const one = await sleeper('one', 'passthrough');
  const before = opens().length;
  await sendPlaintext(one.request);
  assert.equal(await one.outcome, '57014');
  assert.deepEqual(opens().slice(before), ['one-passthrough']);
  await one.end();
  const [another, two] = [await sleeper('one', 'passthrough'), await sleeper('two', 'passthrough')];
  const later = opens().length;
  await sendPlaintext(two.request);
  assert.equal(await two.outcome, '57014');
  assert.deepEqual(new Set(opens().slice(later)), new Set(['one-passthrough', 'two-passthrough']));
  await sendPlaintext(another.request);
  assert.equal(await another.outcome, '57014');
  await Promise.all([another.end(), two.end()]);
});

test('a request with a key that is no longer in use is not forwarded', async () => {
  const one = await sleeper('one', 'terminate');
  await sendPlaintext(one.request);
  await one.outcome;
  await one.end();
  const before = opens().length;
  await sendPlaintext(one.request);
  assert.equal(opens().length, before);
});

test('a CancelRequest inside TLS, as libpq 17 sends it, is forwarded', async () => {
  const one = await sleeper('one', 'terminate');
  const socket = connect({
    ...address(),
    servername: hostOf('one', 'terminate'),
    ca: authority.certificate,
    ALPNProtocols: ['postgresql'],
  });
  await once(socket, 'secureConnect');
  socket.write(one.request);
  socket.resume();
  await deadline('the end', once(socket, 'end'));
  assert.equal(await one.outcome, '57014');
  await one.end();
});
