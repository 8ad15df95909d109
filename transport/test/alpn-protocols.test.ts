import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { TestAuthority } from '../../test/rig/certificates.ts';
import { alpnProtocols } from '../src/alpn-protocols.ts';
import { tunnelClientTls, tunnelServerTls } from '../src/tunnel-settings.ts';

/** Whether Node keeps a list of protocols for the socket in the slab that all small buffers share. */
const pinsSlab = (socket: TLSSocket) => {
  const { ALPNProtocols: kept } = (socket as unknown as { _tlsOptions: { ALPNProtocols?: Buffer } })
    ._tlsOptions;
  return kept !== undefined && kept.buffer.byteLength > 100;
};

test('the protocol of a tunnel is agreed without memory that every session would keep', async () => {
  const authority = await TestAuthority.create('test');
  const { certificate: cert, key } = await authority.issue({ commonName: 'gateway' });
  const server = createServer({ cert, key, ...tunnelServerTls });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const dial = (more: object) =>
    connect({ ...tunnelClientTls, host: '127.0.0.1', port, rejectUnauthorized: false, ...more });

  const [both, client] = [once(server, 'secureConnection'), dial({})];
  await once(client, 'secureConnect');
  const [accepted] = (await both) as [TLSSocket];
  assert.deepEqual([client.alpnProtocol, accepted.alpnProtocol], ['h2', 'h2']);
  assert.deepEqual([pinsSlab(client), pinsSlab(accepted)], [false, false]);

  const [second, several] = [
    once(server, 'secureConnection'),
    dial({ ALPNProtocols: alpnProtocols(['http/1.1', 'h2']) }),
  ];
  await once(several, 'secureConnect');
  assert.equal(several.alpnProtocol, 'h2');
  const [other] = (await second) as [TLSSocket];

  const refused = dial({ ALPNProtocols: alpnProtocols(['http/1.1']) });
  const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
  assert.equal(error.code, 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL');
  for (const socket of [client, accepted, several, other]) socket.destroy();
  server.close();
  await once(server, 'close');
});
