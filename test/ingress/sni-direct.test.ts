import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { connect } from 'node:tls';
import pg from 'pg';
import { TestAuthority } from '../rig/certificates.ts';
import { deadline } from '../rig/deadline.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { Postgres } from '../rig/postgres.ts';
import { HOSTS, startSniPair } from './sni-rig.ts';

const stack = new AsyncDisposableStack();
const authority = await TestAuthority.create('CA');
const certificate = await authority.issue({
  commonName: 'all',
  names: ['127.0.0.1', ...Object.values(HOSTS)],
});
let postgres: Postgres;
let pair: Pair;
before(async () => {
  postgres = stack.use(await Postgres.start({ tls: certificate }));
  pair = stack.use(await startSniPair({ postgres, certificate, targetTls: { mode: 'require' } }));
});
after(() => stack.disposeAsync());

for (const servername of Object.values(HOSTS)) {
  test(`direct TLS of PostgreSQL 17 connects, ${servername}`, async () => {
    const client = new pg.Client({
      ...postgres.clientConfig({ host: '127.0.0.1', port: pair.port('terminate') }),
      ssl: { ca: authority.certificate, servername },
      sslnegotiation: 'direct',
    } as pg.ClientConfig);
    await client.connect();
    const { rows } = await client.query('select ssl from pg_stat_ssl where pid = pg_backend_pid()');
    assert.deepEqual(rows, [{ ssl: true }]);
    await client.end();
  });
}

test('a server without support for direct TLS causes an alert and a log entry', async () => {
  // Like servers before PostgreSQL 17, to which a ClientHello is a startup packet that is too long.
  const old = createServer((socket) => socket.on('error', () => {}).once('data', () => socket.end()));
  old.listen(0, '127.0.0.1');
  await once(old, 'listening');
  const { port } = old.address() as AddressInfo;
  {
    await using other = await startPair({
      targets: { orders: port },
      gateway: {
        connections: [
          {
            name: 'orders',
            connector: 'orders',
            pools: ['dc1'],
            ingress: [{ sni: { listen: '127.0.0.1:0', host: HOSTS.passthrough }, allow: ['127.0.0.0/8'] }],
          },
        ],
      },
    });
    const socket = connect({
      host: '127.0.0.1',
      port: other.port('orders'),
      servername: HOSTS.passthrough,
      ALPNProtocols: ['postgresql'],
      rejectUnauthorized: false,
    });
    const [error] = (await deadline('an alert', once(socket, 'error'))) as [Error];
    assert.match(error.message, /handshake failure/);
    const { code, detail } = await other.event('connection-failed', { past: true });
    assert.equal(code, 'TLS_FAILED');
    assert.match(String(detail), /started TLS without SSLRequest/);
  }
  old.close();
  await once(old, 'close');
});
