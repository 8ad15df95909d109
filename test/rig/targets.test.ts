import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestClient } from './client.ts';
import { deadline } from './deadline.ts';
import { expectNoLeaks } from './leaks.ts';
import { pseudorandomHash, pseudorandomStream } from './pseudorandom.ts';
import {
  startEcho,
  startGreeter,
  startHanging,
  startResetting,
  startSource,
  startSourceAndSink,
} from './targets.ts';

test('an echo target answers, and closes when the client does', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startEcho();
  await using client = await TestClient.connect(target.address);
  assert.equal(await client.echo('hello'), 'hello');
  client.finish();
  assert.deepEqual((await client.receive()).ended, 'fin');
});

test('a greeter sends first', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startGreeter('welcome');
  await using client = await TestClient.connect(target.address);
  assert.equal(String(await client.read(7)), 'welcome');
});

test('a source sends the bytes of its seed', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startSource(3_000_001, 5);
  await using client = await TestClient.connect(target.address);
  const received = await client.receive();
  assert.deepEqual(received, { bytes: 3_000_001, sha256: pseudorandomHash(3_000_001, 5), ended: 'fin' });
  assert.notEqual(received.sha256, pseudorandomHash(3_000_001, 6));
});

test('a resetting target sends its bytes and no FIN', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startResetting(1000, 5);
  await using client = await TestClient.connect(target.address);
  client.send('select');
  assert.deepEqual(await client.receive(), {
    bytes: 1000,
    sha256: pseudorandomHash(1000, 5),
    ended: 'reset',
  });
});

test('a source and sink transfers in both directions concurrently', async () => {
  await using _leaks = expectNoLeaks();
  const size = 5_000_000;
  await using target = await startSourceAndSink(size, 1);
  await using client = await TestClient.connect(target.address);
  const received = client.receive(20_000);
  pseudorandomStream(size, 2).pipe(client.socket);
  assert.deepEqual(await received, { bytes: size, sha256: pseudorandomHash(size, 1), ended: 'fin' });
  assert.deepEqual(await deadline('the target', target.received()), {
    bytes: size,
    sha256: pseudorandomHash(size, 2),
    ended: 'fin',
  });
});

test('a hanging target accepts and sends nothing', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startHanging();
  await using client = await TestClient.connect(target.address);
  client.finish('anyone?');
  await assert.rejects(client.read(1, 50), /Waited 50 ms/);
});
