import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Http2Stream, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { countLeft } from '../../test/rig/count-left.ts';
import { emptyClosed } from '../src/index.ts';
import { takePushed } from '../src/pushed-data.ts';

/** Something that only the listeners of a stream refer to. */
function listen(stream: Http2Stream): WeakRef<{ heard: string[] }> {
  const listener = { heard: [] as string[] };
  takePushed(stream, () => {
    listener.heard.push('data');
  });
  for (const name of ['end', 'close']) stream.on(name, () => listener.heard.push(name));
  return new WeakRef(listener);
}

for (const [side, index] of [
  ['server', 0],
  ['client', 1],
] as const) {
  test(`a stream of the ${side} that has closed keeps nothing alive that listened to it`, async () => {
    const server = createServer();
    const arrived = once(server, 'stream') as Promise<[ServerHttp2Stream]>;
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    try {
      const request = session.request({ ':method': 'POST' }, { endStream: false });
      const [response] = await arrived;
      const streams = [response, request] as const;
      const stream = streams[index];
      stream.on('close', () => emptyClosed(stream));
      const listener = listen(stream);
      const closed = streams.map((each) => once(each, 'close'));
      for (const each of streams) each.end('x');
      streams[1 - index]?.resume();
      await Promise.all(closed);
      assert.deepEqual(listener.deref()?.heard, ['data', 'end', 'close']);
      assert.equal(await countLeft([listener]), 0);
      // What comes late does no harm, although nobody listens.
      stream.emit('error', new Error('late'));
      assert.equal(stream.push(Buffer.of(1)), false);
    } finally {
      session.close();
      server.close();
      await once(session, 'close');
    }
  });
}
