import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectIdle } from '../data-path/idle.ts';
import { TestClient } from '../rig/client.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import type { Pair } from '../rig/pair.ts';
import { startEcho, startGreeter } from '../rig/targets.ts';
import { startProxyPair } from './proxy-pair.ts';

const FROM = { proxyProtocol: { from: ['127.0.0.7/32'] } };
const LISTEN = '127.0.0.1:0';

const connect = (pair: Pair, localAddress: string) =>
  TestClient.connect({ host: '127.0.0.1', port: pair.port('db'), localAddress });

test('the client address in a PROXY header is checked against the allow list and logged', async () => {
  await using _leaks = expectNoLeaks();
  await using greeter = await startGreeter('hello');
  await using pair = await startProxyPair({
    targets: { db: greeter.address.port },
    ingress: { tcp: LISTEN, allow: ['192.0.2.0/24'], ...FROM },
  });
  await using client = await connect(pair, '127.0.0.7');
  // In two chunks, the second of which has the first bytes of the client as well.
  client.send('PROXY TCP4 192.0.2.1 10.');
  client.send('0.0.1 40000 5432\r\nfirst');
  assert.equal(String(await client.read(10)), 'hellofirst');
  assert.equal(await client.echo('and more'), 'and more');
  const opened = await pair.event('connection-opened', { past: true });
  assert.deepEqual([opened['client'], opened['clientPort']], ['192.0.2.1', 40_000]);

  await using stranger = await connect(pair, '127.0.0.7');
  stranger.send('PROXY TCP4 198.51.100.1 10.0.0.1 1 2\r\n');
  assert.equal((await stranger.receive()).ended, 'reset');
  await using silent = await connect(pair, '127.0.0.7');
  silent.send('SELECT 1;');
  assert.equal((await silent.receive()).ended, 'reset');
  await using check = await connect(pair, '127.0.0.7');
  check.finish();
  assert.equal((await check.receive()).ended, 'reset');
  const denials = pair.logged.filter(({ event }) => event === 'client-denied');
  assert.deepEqual(
    denials.map(({ client: address, code }) => `${address} ${code}`),
    ['198.51.100.1 CLIENT_DENIED', '127.0.0.7 PROTOCOL_ERROR'],
  );
  client.reset();
  await expectIdle(pair);
});

test('a PROXY header from any other address is not interpreted', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startProxyPair({
    targets: { db: echo.address.port },
    ingress: { tcp: LISTEN, ...FROM },
  });
  await using client = await connect(pair, '127.0.0.8');
  const header = 'PROXY TCP4 192.0.2.1 10.0.0.1 40000 5432\r\n';
  assert.equal(await client.echo(header), header, 'the header is data of the client');
  assert.equal((await pair.event('connection-opened', { past: true }))['client'], '127.0.0.8');
  client.reset();
  await expectIdle(pair);
});
