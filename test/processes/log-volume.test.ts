import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { CONNECT_PROTOCOL, paths } from '@penstock/wire';
import { extendedConnect, HostilePeer } from '../rig/hostile-peer.ts';
import { frameType, uint32Payload } from '../rig/http2-frame.ts';
import { connection, gatewayFile, makeSite, portOf, runCommand } from './programs.ts';

const CLIENTS = 200;
const REQUESTS = 2000;

test('strangers cannot fill the log, and none of them is lost from its numbers', async () => {
  await using site = await makeSite();
  const ingress = [{ tcp: '127.0.0.1:0', allow: ['192.0.2.0/24'] }];
  const file = await site.write(
    'gateway.yaml',
    gatewayFile({ connections: [{ ...connection('echo'), ingress }] }),
  );
  await runCommand('gateway', ['init', '--config', file]);
  const gateway = await site.start('gateway', 'gateway.yaml');
  await gateway.json({ event: 'gateway-started' }, 60_000);
  const port = portOf(await gateway.json({ event: 'ingress-listening' }));
  const tunnel = portOf(await gateway.json({ event: 'tunnel-listening' }));

  for (let count = 0; count < CLIENTS; count += 1) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  }
  await using peer = await HostilePeer.connect({ to: { host: '127.0.0.1', port: tunnel } });
  await peer.greet();
  const control = extendedConnect(paths.control, CONNECT_PROTOCOL);
  await peer.flood(REQUESTS, (index) => {
    peer.headers(2 * index + 1, control);
    peer.send(frameType.RST_STREAM, 0, 2 * index + 1, uint32Payload(8));
  });
  await peer.closed;
  assert.equal((await gateway.stop('SIGTERM', 30_000)).code, 0);

  const logged = (event: string) =>
    gateway.lines.flatMap(({ json }) => (json?.['event'] === event ? [json] : []));
  const denied = logged('client-denied');
  assert.ok(denied.length < 20, `${denied.length} lines`);
  assert.equal(
    denied.reduce((sum, { repeats }) => sum + Number(repeats ?? 1), 0),
    CLIENTS,
  );
  const strangers = [...logged('peer-misbehaved'), ...logged('agent-refused')];
  assert.ok(strangers.length > 0 && strangers.length < 10, `${strangers.length} lines`);
});
