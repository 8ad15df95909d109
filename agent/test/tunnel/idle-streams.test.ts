import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Session, connect, createServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { ReusableStream, type StreamUse } from '@penstock/transport';
import { eventually } from '../../../test/rig/eventually.ts';
import { expectNoLeaks } from '../../../test/rig/leaks.ts';
import { IdleStreams } from '../../src/tunnel/idle-streams.ts';

/** The idle streams of a session, whose gateway ends its direction of every connection at once. */
class Scene implements AsyncDisposable {
  readonly idle: IdleStreams;
  readonly http: ClientHttp2Session;
  readonly #server: ReturnType<typeof createServer>;
  /** Streams that have not closed at the gateway. */
  open = 0;

  private constructor(http: ClientHttp2Session, server: ReturnType<typeof createServer>, maxIdle: number) {
    this.http = http;
    this.#server = server;
    this.idle = new IdleStreams({ maxIdle, onViolation: assert.fail });
    server.on('stream', (stream: ServerHttp2Stream) => {
      this.open += 1;
      stream.respond();
      stream.on('close', () => {
        this.open -= 1;
      });
      const reusable = new ReusableStream(stream, {
        onViolation: assert.fail,
        onStart: (_, { use }) => use.resume().end(),
      });
      reusable.use.resume().end();
    });
  }

  static async start(maxIdle = 64): Promise<Scene> {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const http = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await once(http, 'remoteSettings');
    return new Scene(http, server, maxIdle);
  }

  /** A connection on a new stream, or on one that is idle. */
  connect(id: string): StreamUse {
    const request = () => this.http.request({ ':method': 'POST' }, { endStream: false });
    return this.idle.take(id) ?? this.idle.add(request()).use;
  }

  /** Waits for the end of connections. */
  async end(...uses: StreamUse[]): Promise<void> {
    const closed = uses.map((use) => once(use, 'close'));
    for (const use of uses) use.resume().end();
    await Promise.all(closed);
  }

  /** Ends connections and gives their streams back. */
  async release(...uses: StreamUse[]): Promise<void> {
    await this.end(...uses);
    for (const use of uses) this.idle.release(use.carrier, true);
  }

  async isOpen(count: number): Promise<void> {
    await eventually(`${count} streams to be open`, () => this.open === count);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.idle.close();
    this.http.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

test('the stream of a connection that has ended carries the next one', async () => {
  await using _leaks = expectNoLeaks();
  await using scene = await Scene.start();
  const first = scene.connect('k-1');
  await scene.release(first);
  const second = scene.connect('k-2');
  assert.equal(second.carrier, first.carrier);
  assert.notEqual(scene.connect('k-3').carrier, first.carrier);
});

test('a stream whose end the gateway has not acknowledged is closed instead', async () => {
  await using _leaks = expectNoLeaks();
  await using scene = await Scene.start();
  const use = scene.connect('k-1');
  await scene.end(use);
  scene.idle.release(use.carrier, false);
  assert.equal(scene.idle.take('k-2'), undefined);
  await scene.isOpen(0);
});

test('a stream that carries a connection, or was reset, is not used again', async () => {
  await using _leaks = expectNoLeaks();
  await using scene = await Scene.start();
  const [live, reset] = [scene.connect('k-1'), scene.connect('k-2')];
  reset.destroy();
  for (const use of [live, reset]) scene.idle.release(use.carrier, true);
  assert.equal(scene.idle.take('k-3'), undefined);
});

test('no more streams wait than the gateway allows', async () => {
  await using _leaks = expectNoLeaks();
  await using scene = await Scene.start(2);
  await scene.release(...['k-1', 'k-2', 'k-3', 'k-4'].map((id) => scene.connect(id)));
  await scene.isOpen(2);
  assert.deepEqual(
    ['k-5', 'k-6', 'k-7'].map((id) => scene.idle.take(id) !== undefined),
    [true, true, false],
  );
});

test('a stream that closes while it waits is not used again', async () => {
  await using _leaks = expectNoLeaks();
  await using scene = await Scene.start();
  const use = scene.connect('k-1');
  await scene.release(use);
  const closed = once(use.carrier.stream, 'close');
  use.carrier.stream.destroy();
  await closed;
  assert.equal(scene.idle.take('k-2'), undefined);
});

test('a stream that the gateway ends while it waits is not used again', async () => {
  await using _leaks = expectNoLeaks();
  await using scene = await Scene.start();
  const use = scene.connect('k-1');
  await scene.release(use);
  const { stream } = use.carrier;
  stream.push(null);
  assert.equal(scene.idle.take('k-2'), undefined);
  if (!stream.closed) await once(stream, 'close');
});

const useMockedTime = (t: TestContext) => t.mock.timers.enable({ apis: ['setInterval'] });

test('streams that were not needed for a while are closed, and those that were are kept', async (t) => {
  await using _leaks = expectNoLeaks();
  await using scene = await Scene.start();
  useMockedTime(t);
  await scene.release(...['k-1', 'k-2', 'k-3'].map((id) => scene.connect(id)));
  // The first check only counts from then on.
  t.mock.timers.tick(5_000);
  await scene.isOpen(3);
  await scene.release(scene.connect('k-4'));
  t.mock.timers.tick(5_000);
  await scene.isOpen(1);
  t.mock.timers.tick(10_000);
  await scene.isOpen(0);
});

test('a stream that the gateway does not end as well is destroyed', async (t) => {
  await using _leaks = expectNoLeaks();
  await using scene = await Scene.start(0);
  useMockedTime(t);
  const use = scene.connect('k-1');
  await scene.end(use);
  const { stream } = use.carrier;
  // END_STREAM does not arrive.
  stream.end = () => stream;
  scene.idle.release(use.carrier, true);
  t.mock.timers.tick(5_000);
  assert.equal(stream.destroyed, false);
  t.mock.timers.tick(5_000);
  assert.equal(stream.destroyed, true);
});

test('once closed, idle streams and those of connections that end later are closed', async () => {
  await using _leaks = expectNoLeaks();
  await using scene = await Scene.start();
  const [idle, live, late] = ['k-1', 'k-2', 'k-3'].map((id) => scene.connect(id)) as [
    StreamUse,
    StreamUse,
    StreamUse,
  ];
  await scene.release(idle);
  scene.idle.close();
  await scene.isOpen(2);
  // Not given back, as a connection that has moved to another stream does not.
  await scene.end(late);
  await scene.isOpen(1);
  await scene.release(live);
  await scene.isOpen(0);
});

test('a stream that the gateway refuses ends its connection', async () => {
  await using _leaks = expectNoLeaks();
  await using scene = await Scene.start();
  const stream = scene.http.request({ ':method': 'POST' }, { endStream: false });
  const { use } = scene.idle.add(stream);
  const error = once(use, 'error');
  stream.emit('response', { ':status': 503 }, 0);
  assert.equal((await error)[0].code, 'CLIENT_GONE');
});
