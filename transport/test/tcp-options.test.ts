import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { connect as connectTls, createServer, type TLSSocket } from 'node:tls';
import { TestAuthority } from '../../test/rig/certificates.ts';
import { expectNoLeaks } from '../../test/rig/leaks.ts';
import { pseudorandomBytes, pseudorandomHash, receive } from '../../test/rig/pseudorandom.ts';
import { descriptorOf } from '../src/descriptor-of.ts';
import { tcpOptions } from '../src/tcp-options.ts';

const authority = await TestAuthority.create('Company CA');
const { key, chain: cert } = await authority.issue({ commonName: 'gateway' });

const BYTES = 32 * 1024 * 1024;

/** Both ends of a TLS connection. */
async function tlsPair() {
  const server = createServer({ key, cert, allowHalfOpen: true });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const accepted = once(server, 'secureConnection');
  const { port } = server.address() as AddressInfo;
  const client = connectTls({ host: '127.0.0.1', port, ca: authority.certificate });
  const [peer] = (await accepted) as [TLSSocket];
  return {
    client,
    peer,
    async [Symbol.asyncDispose]() {
      for (const socket of [client, peer]) if (!socket.destroyed) await once(socket.destroy(), 'close');
      await once(server.close(), 'close');
    },
  };
}

/** Skips the test where no connection has BBRv1 by default. */
function bbrOf(t: TestContext, socket: Socket) {
  const options = tcpOptions();
  const fd = descriptorOf(socket);
  assert.ok(process.platform === 'win32' || fd !== undefined, 'this Node has no descriptor of a socket');
  if (options !== undefined && fd !== undefined && options.bbrEstimate(fd) !== undefined)
    return { options, fd };
  t.skip('BBRv1 is not the default congestion control of this system');
  return undefined;
}

test('both ends of a TLS connection have a descriptor until they are destroyed', {
  skip: process.platform === 'win32',
}, async () => {
  await using _leaks = expectNoLeaks();
  await using pair = await tlsPair();
  for (const socket of [pair.client, pair.peer]) {
    assert.ok((descriptorOf(socket) ?? -1) > 2);
    await once(socket.destroy(), 'close');
    assert.equal(descriptorOf(socket), undefined);
  }
});

test('BBR is restarted while data is in flight, and none of it is lost', async (t) => {
  await using _leaks = expectNoLeaks();
  await using pair = await tlsPair();
  const bbr = bbrOf(t, pair.client);
  if (bbr === undefined) return;
  const received = receive(pair.peer);
  pair.client.end(pseudorandomBytes(BYTES, 1));
  let restarts = 0;
  while (!pair.client.writableFinished) {
    assert.equal(bbr.options.restartBbr(bbr.fd), true);
    restarts += 1;
    await new Promise(setImmediate);
  }
  assert.ok(restarts > 1);
  assert.deepEqual(await received, { bytes: BYTES, sha256: pseudorandomHash(BYTES, 1), ended: 'fin' });
});

test('a restart forgets what was measured', async (t) => {
  await using _leaks = expectNoLeaks();
  await using pair = await tlsPair();
  const bbr = bbrOf(t, pair.client);
  if (bbr === undefined) return;
  pair.peer.pipe(pair.peer);
  pair.client.write('a');
  await once(pair.client, 'data');
  const before = bbr.options.bbrEstimate(bbr.fd);
  assert.ok(before !== undefined && before.bandwidth > 0 && before.segmentBytes > 500);
  assert.equal(bbr.options.restartBbr(bbr.fd), true);
  const after = bbr.options.bbrEstimate(bbr.fd);
  assert.equal(after?.bandwidth, 0);
  assert.equal(after.isStartup, true);
  pair.peer.unpipe();
});

test('a descriptor that is not a connection has no estimate, and cannot be restarted', async (t) => {
  const options = tcpOptions();
  if (options === undefined) return t.skip('this system has no such options');
  for (const fd of [0, 1_000_000, -1]) {
    assert.equal(options.bbrEstimate(fd), undefined);
    assert.equal(options.restartBbr(fd), false);
  }
});
