import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { connect, TLSSocket } from 'node:tls';
import { TestAuthority } from '../../test/rig/certificates.ts';
import { expectNoLeaks } from '../../test/rig/leaks.ts';
import { pseudorandomBytes, pseudorandomHash, receive } from '../../test/rig/pseudorandom.ts';
import { TlsTransport } from '../src/tls-transport.ts';

const authority = await TestAuthority.create('Company CA');
const { key, chain: cert } = await authority.issue({ commonName: 'gateway' });

/** More than a paused TLS socket buffers, and less than it and its transport do together. */
const BYTES = 170_000;

test('data that is read long after its FIN has arrived is complete if a close_notify is behind it', async () => {
  await using _leaks = expectNoLeaks();
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const accepted = once(server, 'connection');
  const { port } = server.address() as AddressInfo;
  const client = connect({ host: '127.0.0.1', port, ca: authority.certificate });
  const [socket] = (await accepted) as [Socket];
  const finReceived = once(socket, 'end');
  const transport = new TlsTransport(socket, undefined);
  const tls = new TLSSocket(transport, { isServer: true, key, cert });
  transport.carry(tls);
  tls.pause();
  await once(client, 'secureConnect');
  client.end(pseudorandomBytes(BYTES, 1));
  await finReceived;

  const received = receive(tls);
  tls.resume();
  assert.deepEqual(await received, {
    bytes: BYTES,
    sha256: pseudorandomHash(BYTES, 1),
    ended: 'fin',
  });
  assert.equal(transport.isTruncated, false);
  for (const each of [client, tls, socket]) each.destroy();
  server.close();
  await once(server, 'close');
});
