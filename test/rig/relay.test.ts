import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestClient } from './client.ts';
import { deadline } from './deadline.ts';
import { eventually } from './eventually.ts';
import { expectNoLeaks } from './leaks.ts';
import { pseudorandomHash, pseudorandomStream } from './pseudorandom.ts';
import { Relay } from './relay.ts';
import { startAnsweringAfterFin, startEcho, startHanging, startSink, startSource } from './targets.ts';

test('a relay forwards bytes and FIN in both directions and counts them', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startAnsweringAfterFin((request) => `got ${request.length}`);
  await using relay = await Relay.start(target.address);
  await using client = await TestClient.connect(relay.address);
  client.finish('hello');
  assert.equal(String(await client.read(5)), 'got 5');
  assert.equal((await client.receive()).ended, 'fin');
  await eventually('the link to be gone', () => relay.open === 0);
  assert.deepEqual(relay.bytes, { up: 5, down: 5 });
  assert.equal(relay.accepted, 1);
});

test('a relay forwards megabytes unchanged', async () => {
  await using _leaks = expectNoLeaks();
  const size = 20_000_000;
  await using sink = await startSink();
  await using relay = await Relay.start(sink.address);
  await using client = await TestClient.connect(relay.address);
  client.socket.resume();
  pseudorandomStream(size, 1).pipe(client.socket);
  const received = await deadline('the sink', sink.received(), 20_000);
  assert.deepEqual(received, { bytes: size, sha256: pseudorandomHash(size, 1), ended: 'fin' });
});

test('cut resets both ends', async () => {
  await using _leaks = expectNoLeaks();
  await using sink = await startSink();
  await using relay = await Relay.start(sink.address);
  await using client = await TestClient.connect(relay.address);
  const outcome = client.receive();
  await eventually('the target to be reached', () => sink.accepted === 1);
  relay.cut();
  assert.equal((await outcome).ended, 'reset');
  assert.equal((await deadline('the target', sink.received())).ended, 'reset');
});

test('a link that is cut while its FINs are being sent leaves nothing', async () => {
  await using _leaks = expectNoLeaks();
  await using sink = await startSink();
  await using relay = await Relay.start(sink.address);
  await using client = await TestClient.connect(relay.address);
  const outcome = client.receive();
  await eventually('the target to be reached', () => sink.accepted === 1);
  relay.finish();
  relay.cut();
  await outcome;
  await eventually('the link to be gone', () => relay.open === 0);
});

test('finish closes both ends cleanly', async () => {
  await using _leaks = expectNoLeaks();
  await using sink = await startSink();
  await using relay = await Relay.start(sink.address);
  await using client = await TestClient.connect(relay.address);
  const outcome = client.receive();
  client.socket.on('end', () => client.finish());
  await eventually('the target to be reached', () => sink.accepted === 1);
  relay.finish();
  assert.equal((await outcome).ended, 'fin');
  assert.equal((await deadline('the target', sink.received())).ended, 'fin');
});

test('a stalled direction forwards nothing until it is resumed; the other one works', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using relay = await Relay.start(echo.address);
  await using client = await TestClient.connect(relay.address);
  relay.stall('down');
  client.send('ping');
  await eventually('the echo to have answered', () => relay.bytes.up === 4);
  assert.equal(relay.bytes.down, 0);
  relay.resume('down');
  assert.equal(String(await client.read(4)), 'ping');
});

test('a black hole discards bytes, FIN, and resets while the sockets stay open', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startHanging();
  await using relay = await Relay.start(target.address);
  await using client = await TestClient.connect(relay.address);
  await eventually('the target to be reached', () => target.accepted === 1);
  relay.blackHole();
  client.finish('nobody hears this');
  await using witness = await TestClient.connect(relay.address);
  await eventually('the second client to be in the hole', () => relay.open === 2);
  witness.reset();
  assert.deepEqual(relay.bytes, { up: 0, down: 0 });
  assert.equal(client.socket.readableEnded, false);
  await eventually('the target to hold both', () => target.accepted === 2 && target.open === 2);
  await relay.restore();
  await using after = await TestClient.connect(relay.address);
  after.send('heard');
  await eventually('a later client to get through', () => relay.bytes.up === 5);
});

test('cutAfter forwards no further byte, and the client receives a reset', async () => {
  await using _leaks = expectNoLeaks();
  await using source = await startSource(1_000_000, 7);
  await using relay = await Relay.start(source.address);
  relay.cutAfter(30_000, 'down');
  await using client = await TestClient.connect(relay.address);
  const outcome = await client.receive();
  assert.deepEqual(outcome, { bytes: 30_000, sha256: pseudorandomHash(30_000, 7), ended: 'reset' });
});

test('refuse refuses clients, restore accepts them on the same port, delayAccept delays them', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using relay = await Relay.start(echo.address);
  relay.refuse();
  await assert.rejects(TestClient.connect(relay.address), { code: 'ECONNREFUSED' });
  await relay.restore();
  relay.delayAccept(60_000);
  await using client = await TestClient.connect(relay.address);
  client.send('too early');
  await eventually('the client to be accepted', () => relay.accepted === 1);
  assert.equal(echo.accepted, 0);
});
