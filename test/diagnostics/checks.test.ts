import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { TestAuthority } from '../rig/certificates.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { LoopbackServer } from '../rig/loopback-server.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { Postgres } from '../rig/postgres.ts';
import { startEcho, startHanging } from '../rig/targets.ts';

type Checked = {
  readonly reach: string;
  readonly stages: readonly { stage: string; verdict: string; detail?: string }[];
};

/** An agent that is allowed to probe everything on this host. */
const startProber = () =>
  startPair({
    targets: {},
    agents: { a1: 'dc1' },
    agent: { policy: { probe: { allow: ['127.0.0.0/8:1-65535'] } } },
  });

const probe = async (pair: Pair, port: number, kind: string, timeout = 10_000) =>
  (await pair.api('POST /agents/a1/probe', { host: '127.0.0.1', port, kind, timeout })) as unknown as Checked;

const stage = ({ stages }: Checked, name: string) => stages.find((each) => each.stage === name);

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

test('PostgreSQL is checked with and without TLS, and logs nothing', async () => {
  await using _leaks = expectNoLeaks();
  const authority = await TestAuthority.create('databases');
  await using secure = await Postgres.start({ tls: await authority.issue({ commonName: 'db' }) });
  await using clear = await Postgres.start();
  await using pair = await startProber();
  const before = [secure.log, clear.log];
  for (let round = 0; round < 5; round += 1) {
    const withTls = await probe(pair, secure.address.port, 'postgresql');
    assert.equal(withTls.reach, 'ready', JSON.stringify(withTls));
    assert.match(stage(withTls, 'tls')?.detail ?? '', /^TLSv1\.3, CN=db/);
    const without = await probe(pair, clear.address.port, 'postgresql');
    assert.equal(without.reach, 'ready', JSON.stringify(without));
    assert.equal(stage(without, 'tls')?.verdict, 'skipped');
  }
  // A client that disconnects after the server's S is logged, which proves that the checks would have been, too.
  for (const { address } of [secure, clear]) {
    const rude = connect(address);
    rude.write(SSL_REQUEST);
    await once(rude, 'data');
    rude.write('no TLS at all');
    rude.end();
    rude.on('error', () => {}).resume();
    await new Promise<void>((resolve) => rude.once('close', () => resolve()));
  }
  await eventually(
    'the rude clients to be logged',
    () => secure.log !== before[0] && clear.log !== before[1],
  );
  const lines = (after: string, earlier = '') => after.slice(earlier.length).match(/ (?:LOG|FATAL|ERROR): /g);
  assert.equal(lines(secure.log, before[0])?.length, 1, secure.log);
  assert.equal(lines(clear.log, before[1])?.length, 1, clear.log);
});

test('each reach stage is distinguished', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using hanging = await startHanging();
  await using closing = await LoopbackServer.start((socket) => socket.end());
  await using pair = await startProber();
  assert.equal((await probe(pair, echo.address.port, 'postgresql')).reach, 'protocol');
  const silent = await probe(pair, hanging.address.port, 'redis', 300);
  assert.equal(silent.reach, 'silent');
  assert.match(JSON.stringify(silent.stages), /accepted the connection, but did not answer within 300 ms/);
  assert.equal((await probe(pair, closing.address.port, 'mysql')).reach, 'protocol');
  const refused = await LoopbackServer.start(() => {});
  await refused[Symbol.asyncDispose]();
  const answer = await probe(pair, refused.address.port, 'postgresql');
  assert.equal(answer.reach, 'refused');
  assert.deepEqual(
    answer.stages.map(({ verdict }) => verdict),
    ['ok', 'ok', 'failed', 'skipped', 'skipped'],
  );
});

test('servers are recognized, some by byte-level fakes', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startProber();

  await using fakeMysql = await LoopbackServer.start((socket) => {
    socket.write(
      Buffer.concat([Buffer.from([22, 0, 0, 0, 10]), Buffer.from('8.4.0\0'), Buffer.alloc(15, 1)]),
    );
    socket.resume().on('end', () => socket.end());
  });
  const mysql = await probe(pair, fakeMysql.address.port, 'mysql');
  assert.deepEqual([mysql.reach, stage(mysql, 'protocol')?.detail], ['ready', 'MySQL 8.4.0']);

  await using fakeSqlserver = await LoopbackServer.start((socket) => {
    socket.once('data', (bytes: Buffer) => {
      assert.equal(bytes[0], 0x12);
      assert.equal(bytes.readUInt16BE(2), bytes.length);
      const body = Buffer.from([0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff, 16, 0, 3, 232, 0, 0, 3]);
      socket.write(Buffer.concat([Buffer.from([4, 1, 0, 8 + body.length, 0, 0, 1, 0]), body]));
    });
    socket.resume().on('end', () => socket.end());
  });
  const sqlserver = await probe(pair, fakeSqlserver.address.port, 'sqlserver');
  assert.equal(stage(sqlserver, 'protocol')?.detail, 'SQL Server 16.0.1000, requires encryption');

  await using fakeRedis = await LoopbackServer.start((socket) => {
    socket.once('data', () => socket.write('-NOAUTH Authentication required.\r\n'));
    socket.on('end', () => socket.end());
  });
  const redis = await probe(pair, fakeRedis.address.port, 'redis');
  assert.deepEqual([redis.reach, stage(redis, 'protocol')?.detail], ['ready', 'Redis, requires a password']);

  await using fakeMongodb = await LoopbackServer.start((socket) => {
    socket.once('data', (bytes: Buffer) => {
      assert.equal(bytes.readInt32LE(0), bytes.length);
      assert.equal(bytes.readInt32LE(21), bytes.length - 21);
      const header = Buffer.alloc(16);
      header.writeInt32LE(200, 0);
      header.writeInt32LE(bytes.readInt32LE(4), 8);
      header.writeInt32LE(2013, 12);
      socket.write(header);
    });
    socket.on('end', () => socket.end());
  });
  assert.equal((await probe(pair, fakeMongodb.address.port, 'mongodb')).reach, 'ready');
});

test('HTTP is checked in plaintext or with TLS, and an expired certificate is detected', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startProber();
  const authority = await TestAuthority.create('services');
  const serve = async (notAfter?: Date) => {
    const { chain, key } = await authority.issue({ commonName: 'web', ...(notAfter && { notAfter }) });
    const server = createTlsServer({ cert: chain, key }, (socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end('HTTP/1.1 204 No Content\r\n\r\n'));
    });
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return server;
  };
  const portOf = (server: { address(): unknown }) => (server.address() as { port: number }).port;
  const clear = createServer((_request, response) => response.writeHead(404).end());
  clear.listen(0, '127.0.0.1');
  await once(clear, 'listening');
  const secure = await serve();
  const expired = await serve(new Date(Date.now() - 60_000));
  try {
    const inClear = await probe(pair, portOf(clear), 'http');
    assert.deepEqual([inClear.reach, stage(inClear, 'protocol')?.detail], ['ready', 'HTTP 404']);
    const withTls = await probe(pair, portOf(secure), 'http');
    assert.deepEqual(
      [withTls.reach, stage(withTls, 'protocol')?.detail],
      ['ready', 'HTTP 204'],
      JSON.stringify(withTls),
    );
    const old = await probe(pair, portOf(expired), 'http');
    assert.equal(old.reach, 'certificate', JSON.stringify(old));
  } finally {
    clear.closeAllConnections();
    for (const server of [clear, secure, expired]) {
      server.close();
      await once(server, 'close');
    }
  }
});

test('a connector with tls is checked with its TLS settings', async () => {
  await using _leaks = expectNoLeaks();
  const [trusted, other] = [await TestAuthority.create('trusted'), await TestAuthority.create('other')];
  const { chain, key } = await trusted.issue({ commonName: 'db', names: ['db.internal'] });
  const server = createTlsServer({ cert: chain, key }, (socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end('HTTP/1.1 204 No Content\r\n\r\n'));
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `127.0.0.1:${(server.address() as { port: number }).port}`;
  const connector = (name: string, ca: TestAuthority, serverName: string) => ({
    name,
    kind: 'http',
    address,
    check: { interval: '1d' },
    tls: { mode: 'verify-full', ca: ca.certificate, serverName },
  });
  try {
    await using pair = await startPair({
      targets: {},
      agents: { a1: 'dc1' },
      agent: {
        connectors: [
          connector('good', trusted, 'db.internal'),
          connector('foreign', other, 'db.internal'),
          connector('misnamed', trusted, 'elsewhere.internal'),
        ],
      },
    });
    const check = async (name: string) =>
      (await pair.api('POST /agents/a1/check', { connector: name })) as unknown as Checked;
    assert.equal((await check('good')).reach, 'ready');
    const foreign = await check('foreign');
    assert.equal(foreign.reach, 'certificate', JSON.stringify(foreign));
    assert.match(stage(foreign, 'tls')?.detail ?? '', /not issued by a CA/);
    assert.equal((await check('misnamed')).reach, 'certificate');
    const checked = await eventually('the loop to have checked all', () => {
      const connectors = pair.agents.get('a1')?.status().connectors ?? [];
      return connectors.every((each) => each.check !== undefined) && connectors;
    });
    assert.deepEqual(
      checked.map((each) => each.check?.reach),
      ['ready', 'certificate', 'certificate'],
    );
  } finally {
    server.close();
    await once(server, 'close');
  }
});
