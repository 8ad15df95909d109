import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestClient } from '../rig/client.ts';
import { deadline } from '../rig/deadline.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startPair } from '../rig/pair.ts';
import { pseudorandomHash, pseudorandomStream } from '../rig/pseudorandom.ts';
import { startSourceAndSink } from '../rig/targets.ts';

const GIGABYTE = 1_000_000_000;
const TIMEOUT_MS = 90_000;

// Older versions of Node stall here: a session with much to write does not read (nodejs/node 65440).
test('a gigabyte in each direction of one stream at the same time arrives complete and in order', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startSourceAndSink(GIGABYTE, 1);
  await using pair = await startPair({ targets: { bulk: target.address.port }, agents: { a1: 'dc1' } });
  await using client = await TestClient.connect({ host: '127.0.0.1', port: pair.port('bulk') });
  const atClient = client.receive(TIMEOUT_MS);
  pseudorandomStream(GIGABYTE, 2).pipe(client.socket);
  assert.deepEqual(await atClient, {
    bytes: GIGABYTE,
    sha256: pseudorandomHash(GIGABYTE, 1),
    ended: 'fin',
  });
  assert.deepEqual(await deadline('the target to receive everything', target.received(), TIMEOUT_MS), {
    bytes: GIGABYTE,
    sha256: pseudorandomHash(GIGABYTE, 2),
    ended: 'fin',
  });
  const end = await pair.event('connection-closed', { past: true });
  assert.deepEqual(
    { code: end['code'], up: end['bytesFromClient'], down: end['bytesToClient'] },
    { code: undefined, up: GIGABYTE, down: GIGABYTE },
  );
});
