import assert from 'node:assert/strict';
import { channel } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { OutgoingHttpHeaders } from 'node:http';
import { connect, type Http2Stream } from 'node:http2';
import { test } from 'node:test';
import { paths } from '@penstock/wire';
import { startProxyPair } from '../ingress/proxy-pair.ts';
import { deadline } from '../rig/deadline.ts';
import { eventually } from '../rig/eventually.ts';
import { expectNoLeaks } from '../rig/leaks.ts';
import { receive } from '../rig/pseudorandom.ts';
import { startReplicas } from '../rig/replicas.ts';
import { startEcho } from '../rig/targets.ts';
import { expectIdle } from './idle.ts';

type Created = { readonly stream: Http2Stream; readonly headers: OutgoingHttpHeaders };

/** Control streams are closed with their session. */
const isOfConnection = ({ ':method': method, ':path': path }: OutgoingHttpHeaders) =>
  method === 'CONNECT' && path !== paths.control && path !== '/v1/directory';

/** The streams of connections that this process opens and accepts from now on. */
function watchStreams() {
  const closed: Http2Stream[] = [];
  const add = (message: unknown) => {
    const { stream, headers } = message as Created;
    // Not `stream.closed`, which is true before 'close' is emitted.
    if (isOfConnection(headers)) stream.once('close', () => closed.push(stream));
  };
  const channels = ['http2.client.stream.created', 'http2.server.stream.created'].map((name) =>
    channel(name),
  );
  for (const each of channels) each.subscribe(add);
  return {
    /** Waits until so many have closed, without those of the test itself. Returns the events that are still listened to. */
    async heard(own: readonly Http2Stream[], wanted: number): Promise<string[][]> {
      const ofPenstock = () => closed.filter((stream) => !own.includes(stream));
      await eventually('the streams to be closed', () => ofPenstock().length >= wanted);
      return ofPenstock()
        .map((stream) => stream.eventNames().map(String))
        .filter((names) => names.join() !== 'error');
    },
    [Symbol.dispose]() {
      for (const each of channels) each.unsubscribe(add);
    },
  };
}

test('streams that have closed are listened to by nobody', async () => {
  await using _leaks = expectNoLeaks();
  using watched = watchStreams();
  const own: Http2Stream[] = [];
  {
    await using echo = await startEcho();
    await using pair = await startProxyPair({
      targets: { db: echo.address.port },
      ingress: { httpConnect: { listen: '127.0.0.1:0' }, tls: 'off', grant: 'none' },
    });
    const session = connect(`http://127.0.0.1:${pair.port('db')}`);
    const stream = session.request({ ':method': 'CONNECT', ':authority': 'db:1' }, { endStream: false });
    own.push(stream);
    await deadline('a response', once(stream, 'response'));
    stream.end('hello');
    assert.equal((await receive(stream)).ended, 'fin');
    await expectIdle(pair);
    session.close();
    await once(session, 'close');
  }
  // That of the proxy, and both ends of the data stream, which closes with its session at the latest.
  assert.deepEqual(await watched.heard(own, 3), []);
});

test('streams of relayed connections that have closed are listened to by nobody', async () => {
  await using _leaks = expectNoLeaks();
  using watched = watchStreams();
  {
    await using echo = await startEcho();
    await using replicas = await startReplicas(['r1', 'r2'], {
      targets: { db: echo.address.port },
      agents: { a1: 'r2' },
    });
    await using client = await replicas.client('r1', 'db');
    assert.equal(await client.echo('hello'), 'hello');
    client.finish();
    assert.equal((await client.receive()).ended, 'fin');
    await replicas.gateway('r2').cluster?.idle();
  }
  // Both ends of the stream between the replicas, and both of the data stream.
  assert.deepEqual(await watched.heard([], 4), []);
});
