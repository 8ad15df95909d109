import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import type { ConnectionLogEntry } from '@penstock/api-schema';
import { resetSocket } from '@penstock/transport';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { LoopbackServer } from '../rig/loopback-server.ts';
import { type Pair, startPair } from '../rig/pair.ts';
import { startEcho, startResetting } from '../rig/targets.ts';
import { unusedPort } from '../rig/unused-port.ts';
import { clientOf } from './client-of.ts';

async function logOf(pair: Pair, query = ''): Promise<readonly ConnectionLogEntry[]> {
  const { items } = await pair.api(`GET /connection-log?limit=500&${query}`);
  return items as ConnectionLogEntry[];
}

/** Waits until the newest entry that matches has ended. */
async function endOf(pair: Pair, query: string): Promise<ConnectionLogEntry> {
  return eventually(`the end of the connection with ${query}`, async () => {
    const [entry] = await logOf(pair, query);
    return entry?.endedAt === undefined ? undefined : entry;
  });
}

test('the log says who was connected to what, how much was sent, and how it ended', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using resetting = await startResetting(1000, 1);
  const closedPort = await unusedPort();
  await using pair = await startPair({
    targets: { echo: echo.address.port, resetting: resetting.address.port, closed: closedPort },
    agents: { a1: 'dc1' },
  });

  await using client = await clientOf(pair, 'echo');
  await client.echo('hello');
  const [open] = await logOf(pair, 'connection=echo');
  assert.ok(open);
  const { id, startedAt, openMs, clientPort, agentId, ...rest } = open;
  assert.deepEqual(rest, {
    state: 'open',
    connection: 'echo',
    client: '127.0.0.1',
    ingress: '127.0.0.1:0',
    ingressKind: 'tcp',
    connector: 'echo',
    pool: 'dc1',
    agent: 'a1',
    attempts: 1,
    resumes: 0,
    adriftMs: 0,
    bytesFromClient: 5,
    bytesToClient: 5,
    count: 1,
  });
  assert.equal(clientPort, client.socket.localPort);
  assert.ok(Number(openMs) > 0 && agentId !== undefined);
  assert.ok(Math.abs(Date.parse(startedAt) - Date.now()) < 60_000);
  const logged = pair.event('connection-closed');
  client.finish();
  await client.receive();
  const closed = await endOf(pair, 'connection=echo');
  assert.deepEqual(
    [closed.id, closed.state, closed.code, closed.detail],
    [id, 'closed', 'ok', 'The client finished first.'],
  );
  const line = await logged;
  assert.deepEqual(
    [line['id'], line['agent'], line['bytesFromClient'], line['bytesToClient'], line['code']],
    [id, 'a1', 5, 5, undefined],
  );

  await using lost = await clientOf(pair, 'echo');
  await lost.echo('select');
  lost.reset();
  assert.equal((await endOf(pair, 'code=CLIENT_RESET')).message, 'The client reset the connection.');

  await using cut = await clientOf(pair, 'resetting');
  cut.send('x');
  await cut.receive();
  assert.equal((await endOf(pair, 'connection=resetting')).code, 'TARGET_RESET');

  await using refused = await clientOf(pair, 'closed');
  await refused.receive();
  const failed = await endOf(pair, 'connection=closed');
  assert.deepEqual(
    [failed.state, failed.code, failed.agent, failed.openMs],
    ['failed', 'REFUSED', 'a1', undefined],
  );
  assert.match(failed.detail ?? '', new RegExp(String(closedPort)));

  await using stranded = await clientOf(pair, 'echo');
  await stranded.echo('x');
  const { localPort } = stranded.socket;
  const ended = stranded.receive(20_000);
  await pair.stopAgent('a1');
  await ended;
  const orphan = await endOf(pair, 'state=closed');
  assert.equal(orphan.clientPort, localPort);
  assert.notEqual(orphan.code, 'ok');
});

test('a target that resets a connection its client has closed ends it normally, if clients of its kind never half-close', async () => {
  await using _leaks = expectNoLeaks();
  await using leaving = await LoopbackServer.start((socket) => {
    socket.write('hello');
    socket.resume().once('end', () => resetSocket(socket));
  });
  const { port } = leaving.address;
  await using pair = await startPair({
    targets: { sql: port, raw: port },
    agents: { a1: 'dc1' },
    agent: {
      connectors: [
        { name: 'sql', kind: 'postgresql', address: `127.0.0.1:${port}` },
        { name: 'raw', kind: 'tcp', address: `127.0.0.1:${port}` },
      ],
    },
  });
  const detail = async (connection: string) => {
    await using client = await clientOf(pair, connection);
    await client.read(5);
    client.finish();
    const end = await endOf(pair, `connection=${connection}`);
    return [end.code, end.detail];
  };
  assert.deepEqual(await detail('sql'), [
    'ok',
    'The client finished first, and the target reset the connection after that.',
  ]);
  assert.deepEqual(await detail('raw'), ['TARGET_RESET', 'The client had finished its direction before.']);
});

test('clients that are turned away are counted, not listed one by one', async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await startPair({
    targets: {},
    agents: {},
    gateway: {
      connections: [
        {
          name: 'db',
          connector: 'db',
          pools: ['dc1'],
          ingress: [{ tcp: '127.0.0.1:0', allow: ['192.0.2.0/24'] }],
        },
      ],
    },
  });
  for (let index = 0; index < 20; index += 1) {
    // The reset may arrive before the client knows that it is connected.
    const client = await clientOf(pair, 'db').catch(() => undefined);
    await client?.receive();
    await client?.[Symbol.asyncDispose]();
  }
  const [denied, ...more] = await logOf(pair);
  assert.deepEqual(
    [denied?.state, denied?.count, denied?.client, denied?.code, more.length],
    ['denied', 20, '127.0.0.1', 'CLIENT_DENIED', 0],
  );
});

test('clients are not affected while the file of the log is locked, and their entries are written afterwards', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({ targets: { echo: echo.address.port }, agents: { a1: 'dc1' } });
  await logOf(pair);
  const other = new DatabaseSync(join(pair.directory, 'gateway', 'connection-log.sqlite'));
  other.exec('BEGIN IMMEDIATE');
  for (let index = 0; index < 20; index += 1) {
    await using client = await clientOf(pair, 'echo');
    assert.equal(await client.echo('hello'), 'hello');
  }
  await pair.event('connection-log-failed', { past: true });
  other.exec('ROLLBACK');
  other.close();
  await eventually('the entries to be written', async () =>
    (await logOf(pair).catch(() => [])).length === 20 ? true : undefined,
  );
});

test('2,000 connections are all found, and 50 live ones are undisturbed', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({
    targets: { echo: echo.address.port, live: echo.address.port },
    agents: { a1: 'dc1' },
  });
  await using scope = new AsyncDisposableStack();
  const live = await Promise.all(
    Array.from({ length: 50 }, async () => scope.use(await clientOf(pair, 'live'))),
  );
  const CONNECTIONS = 2000;
  const PARALLEL = 20;
  let echoes = 0;
  let isDone = false;
  const talk = (async () => {
    while (!isDone) {
      for (const client of live) assert.equal(await client.echo('ping'), 'ping');
      echoes += 1;
    }
  })();
  const worker = async () => {
    for (let index = 0; index < CONNECTIONS / PARALLEL; index += 1) {
      await using client = await clientOf(pair, 'echo');
      await client.echo('hello', 20_000);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  isDone = true;
  await talk;
  assert.ok(echoes > 0);
  const found = await eventually('every connection to have ended', async () => {
    const ids = new Set<string>();
    for (let cursor = ''; ; ) {
      const page = await pair.api(`GET /connection-log?limit=500&connection=echo&state=closed${cursor}`);
      for (const { id } of page['items'] as ConnectionLogEntry[]) ids.add(id);
      if (page['nextCursor'] === undefined) return ids.size === CONNECTIONS ? ids : undefined;
      cursor = `&cursor=${page['nextCursor']}`;
    }
  });
  assert.equal(found.size, CONNECTIONS);
  const open = await logOf(pair, 'connection=live&state=open');
  assert.equal(open.length, 50);
  assert.equal(pair.logged.filter(({ event }) => event === 'connection-log-overflowed').length, 0);
});

test('connectionLog.lines limits the lines about connections to those that did not end normally', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startPair({
    targets: { echo: echo.address.port },
    agents: { a1: 'dc1' },
    gateway: { connectionLog: { lines: 'failed' } },
  });
  await using client = await clientOf(pair, 'echo');
  await client.echo('hello');
  client.finish();
  await client.receive();
  await endOf(pair, 'code=ok');
  await using lost = await clientOf(pair, 'echo');
  await lost.echo('hello');
  lost.reset();
  await pair.event('connection-closed', { past: true });
  const lines = pair.logged.filter(({ event }) => event === 'connection-closed');
  assert.deepEqual(
    lines.map(({ code }) => code),
    ['CLIENT_RESET'],
  );
});
