import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestClient } from '../rig/client.ts';
import { deadline } from '../rig/deadline.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { isLongForm } from '../rig/long-form.ts';
import { startPair } from '../rig/pair.ts';
import { pseudorandomHash, pseudorandomStream } from '../rig/pseudorandom.ts';
import { startSourceAndSink } from '../rig/targets.ts';

const BYTES = isLongForm ? 4_000_000_000 : 600_000_000;
const TIMEOUT_MS = isLongForm ? 600_000 : 100_000;

// Older versions of Node stall here: a session with much to write does not read (nodejs/node 65440).
test('much in each direction of one stream at the same time arrives complete and in order', async () => {
  await using _leaks = expectNoLeaks();
  await using target = await startSourceAndSink(BYTES, 1);
  await using pair = await startPair({ targets: { bulk: target.address.port }, agents: { a1: 'dc1' } });
  await using client = await TestClient.connect({ host: '127.0.0.1', port: pair.port('bulk') });
  const atClient = client.receive(TIMEOUT_MS);
  pseudorandomStream(BYTES, 2).pipe(client.socket);
  assert.deepEqual(await atClient, {
    bytes: BYTES,
    sha256: pseudorandomHash(BYTES, 1),
    ended: 'fin',
  });
  assert.deepEqual(await deadline('the target to receive everything', target.received(), TIMEOUT_MS), {
    bytes: BYTES,
    sha256: pseudorandomHash(BYTES, 2),
    ended: 'fin',
  });
  const end = await pair.event('connection-closed', { past: true });
  assert.deepEqual(
    { code: end['code'], up: end['bytesFromClient'], down: end['bytesToClient'] },
    { code: undefined, up: BYTES, down: BYTES },
  );
});
