import assert from 'node:assert/strict';
import { constants } from 'node:http2';
import { test } from 'node:test';
import { CONNECT_PROTOCOL, paths, streamPath } from '@penstock/wire';
import { encodeMessage } from '@penstock/wire/codec';
import { extendedConnect, HostilePeer } from '../rig/hostile-peer.ts';
import { encodeHeaders } from '../rig/hpack-literal.ts';
import { encodeFrame, frameFlag, frameType, uint32Payload } from '../rig/http2-frame.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { type Logged, startPair } from '../rig/pair.ts';
import { enrolledIdentity, helloOf } from '../rig/raw-agent.ts';
import { clientOf } from './client-of.ts';
import { expectIdle } from './idle.ts';
import { nextOpen } from './next-open.ts';

for (const [code, name] of [
  [constants.NGHTTP2_NO_ERROR, 'NO_ERROR'],
  [constants.NGHTTP2_CANCEL, 'CANCEL'],
  [constants.NGHTTP2_INTERNAL_ERROR, 'INTERNAL_ERROR'],
] as const) {
  test(`a stream that arrives together with its reset (${name}) resets the client and affects no others`, async () => {
    await using _leaks = expectNoLeaks();
    await using pair = await startPair({ targets: { db: 1 }, agents: {} });
    const identity = await enrolledIdentity(pair, 'raw');
    const to = { host: '127.0.0.1', port: pair.gateway.tunnel.port };
    await using peer = await HostilePeer.connect({ to, identity: { certificate: '', pin: '', ...identity } });
    await peer.greet();
    peer.headers(1, extendedConnect(paths.control, CONNECT_PROTOCOL));
    peer.data(1, encodeMessage(helloOf('raw', ['db'])));
    const connect = (streamId: number, id: string) =>
      encodeFrame({
        type: frameType.HEADERS,
        flags: frameFlag.END_HEADERS,
        streamId,
        payload: encodeHeaders(extendedConnect(streamPath(id), CONNECT_PROTOCOL)),
      });
    const data = (streamId: number, text: string) =>
      encodeFrame({ type: frameType.DATA, flags: 0, streamId, payload: Buffer.from(text) });
    const reset = (streamId: number) =>
      encodeFrame({ type: frameType.RST_STREAM, flags: 0, streamId, payload: uint32Payload(code) });
    let streamId = 1;
    for (const says of ['', 'something']) {
      await using client = await clientOf(pair, 'db');
      const id = await nextOpen(peer);
      streamId += 2;
      peer.write(Buffer.concat([connect(streamId, id), data(streamId, says), reset(streamId)]));
      assert.equal((await client.receive()).ended, 'reset');
    }
    await using client = await clientOf(pair, 'db');
    const id = await nextOpen(peer);
    streamId += 2;
    peer.write(Buffer.concat([connect(streamId, id), data(streamId, 'alive')]));
    assert.equal(String(await client.read(5)), 'alive');
    client.reset();
    await expectIdle(pair);
    const isEnd = ({ event }: Logged) => event === 'connection-failed' || event === 'connection-closed';
    assert.deepEqual(
      pair.logged.filter(isEnd).map((entry) => entry['code']),
      ['TARGET_RESET', 'TARGET_RESET', 'CLIENT_RESET'],
    );
  });
}
