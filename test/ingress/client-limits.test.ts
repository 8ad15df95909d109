import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:http2';
import { test } from 'node:test';
import { expectIdle } from '../data-path/idle.ts';
import { TestClient } from '../rig/client.ts';
import { deadline } from '../rig/deadline.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import type { Pair } from '../rig/pair.ts';
import { startEcho } from '../rig/targets.ts';
import { startProxyPair } from './proxy-pair.ts';

const TCP = { tcp: '127.0.0.1:0' };
const from = (pair: Pair, localAddress: string) =>
  TestClient.connect({ host: '127.0.0.1', port: pair.port('db'), localAddress });

/** The echo that a client receives for `in`, or `reset`. A reset may arrive before its connect has completed. */
async function outcomeOf(pair: Pair, localAddress: string): Promise<string> {
  const client = await from(pair, localAddress).catch(() => undefined);
  if (client === undefined) return 'reset';
  try {
    return await client.echo('in');
  } catch {
    return 'reset';
  } finally {
    await client[Symbol.asyncDispose]();
  }
}

test('limits.connectionsPerAddress: a client beyond the limit is reset until one of its address disconnects', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startProxyPair({
    targets: { db: echo.address.port },
    ingress: TCP,
    gateway: { limits: { connectionsPerAddress: 1 } },
  });
  const first = await from(pair, '127.0.0.2');
  await first.echo('in');
  const refused = await outcomeOf(pair, '127.0.0.2');
  assert.equal(refused, 'reset');
  assert.equal((await pair.event('client-denied', { past: true }))['code'], 'LIMIT_EXCEEDED');
  await using other = await from(pair, '127.0.0.3');
  assert.equal(await other.echo('in'), 'in');
  await first[Symbol.asyncDispose]();
  await eventually(
    'a client of the address to be admitted',
    async () => (await outcomeOf(pair, '127.0.0.2')) === 'in',
  );
  other.reset();
  await expectIdle(pair);
});

test('limits.connectionsPerAddress: HTTP/2 streams count as well', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startProxyPair({
    targets: { db: echo.address.port },
    ingress: { httpConnect: { listen: '127.0.0.1:0' }, tls: 'off', grant: 'none' },
    gateway: { limits: { connectionsPerAddress: 3 } },
  });
  const session = connect(`http://127.0.0.1:${pair.port('db')}`);
  const requestTunnel = async () => {
    const stream = session.request({ ':method': 'CONNECT', ':authority': 'db:1' }, { endStream: false });
    stream.on('error', () => {});
    const [headers] = await deadline('a response', once(stream, 'response'), 15_000);
    return { stream, status: Number((headers as Record<string, unknown>)[':status']) };
  };
  const first = await requestTunnel();
  assert.deepEqual(
    [first.status, (await requestTunnel()).status, (await requestTunnel()).status],
    [200, 200, 503],
  );
  const closed = pair.event('connection-closed');
  first.stream.destroy();
  await closed;
  await eventually(
    'a client of the address to be admitted',
    async () => (await requestTunnel()).status === 200,
  );
  const closedSession = once(session, 'close');
  session.destroy();
  await closedSession;
  await expectIdle(pair);
});

test('limits.idleTimeout: an idle client is reset, an active one is not', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startProxyPair({
    targets: { db: echo.address.port },
    ingress: TCP,
    gateway: { limits: { idleTimeout: '2s' } },
  });
  await using idle = await from(pair, '127.0.0.2');
  await idle.echo('in');
  const ended = pair.event('connection-closed');
  await using busy = await from(pair, '127.0.0.3');
  const end = idle.receive(15_000);
  let echoes = 0;
  while ((await Promise.race([end, busy.echo('still here')])) === 'still here') echoes += 1;
  assert.ok(echoes > 0);
  assert.equal((await end).ended, 'reset');
  const entry = await ended;
  assert.deepEqual([entry['code'], entry['client']], ['IDLE_TIMEOUT', '127.0.0.2']);
  busy.reset();
  await expectIdle(pair);
});
