import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expectIdle } from '../data-path/idle.ts';
import { type HeaderPairs, HostilePeer } from '../rig/hostile-peer.ts';
import { encodeHeaders } from '../rig/hpack-literal.ts';
import { encodeFrame, frameFlag, frameType, uint32Payload } from '../rig/http2-frame.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { startEcho } from '../rig/targets.ts';
import { startProxyPair } from './proxy-pair.ts';

const codes = { noError: 0, cancel: 8 } as const;
const connect: HeaderPairs = [
  [':method', 'CONNECT'],
  [':authority', 'db:1'],
];
const get: HeaderPairs = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':path', '/'],
  [':authority', 'db'],
];

const framesOf = (streamId: number, pairs: HeaderPairs) =>
  Buffer.concat([
    encodeFrame({
      type: frameType.HEADERS,
      flags: frameFlag.END_HEADERS,
      streamId,
      payload: encodeHeaders(pairs),
    }),
    encodeFrame({ type: frameType.DATA, flags: 0, streamId, payload: Buffer.from('hello') }),
  ]);
const resetOf = (streamId: number, code: number) =>
  encodeFrame({ type: frameType.RST_STREAM, flags: 0, streamId, payload: uint32Payload(code) });

test('streams that are reset on arrival or while queued, with or without an error code, leave nothing behind', async () => {
  await using _leaks = expectNoLeaks();
  await using echo = await startEcho();
  await using pair = await startProxyPair({
    targets: { db: echo.address.port },
    ingress: { httpConnect: { listen: '127.0.0.1:0' }, grant: 'none' },
    gateway: { pools: [{ name: 'dc1', queue: { timeout: '30s' } }] },
  });
  const to = { host: '127.0.0.1', port: pair.port('db') };
  await pair.stopAgent('a1');
  await using peer = await HostilePeer.connect({ to });
  await peer.greet();
  let id = 1;
  for (const code of Object.values(codes)) {
    for (const pairs of [get, connect]) {
      peer.write(Buffer.concat([framesOf(id, pairs), resetOf(id, code)]));
      id += 2;
    }
    // Waits in the queue with unread data.
    peer.write(framesOf(id, connect));
    peer.send(frameType.PING, 0, 0, Buffer.alloc(8, id));
    await peer.frame('a PING', ({ type, payload }) => type === frameType.PING && payload[0] === id);
    const failed = pair.event('connection-failed');
    peer.write(resetOf(id, code));
    assert.equal((await failed)['code'], 'CLIENT_GONE');
    id += 2;
  }
  peer.headers(id, get);
  assert.equal(await peer.status(id), 405);
  await expectIdle(pair);
});
