import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Session, connect, createServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { SessionLinks } from '@penstock/transport';
import { type CloseCode, CONNECT_PROTOCOL, openIdOfPath, streamPath, TunnelError } from '@penstock/wire';
import { deadline } from '../../../test/rig/deadline.ts';
import { eventually } from '../../../test/rig/eventually.ts';
import { expectNoLeaks } from '../../../test/rig/leaks.ts';
import { startEcho, type Target } from '../../../test/rig/targets.ts';
import { createAgentMetrics } from '../../src/observe/metrics.ts';
import { dialTarget } from '../../src/target/dial-target.ts';
import type { TargetLease } from '../../src/target/targets.ts';
import { CarriedConnections } from '../../src/tunnel/carried-connections.ts';
import { Opens } from '../../src/tunnel/opens.ts';

type Failure = { readonly id: string; readonly code: CloseCode };

/** The opens of a session whose gateway, targets and refusals the test controls. */
class Scene implements AsyncDisposable {
  readonly opens: Opens;
  readonly failures: Failure[] = [];
  readonly arrived = new Map<string, ServerHttp2Stream>();
  readonly dials: { readonly name: string; readonly cancel: AbortController }[] = [];
  leases = 0;
  refusal: TunnelError | undefined;
  hasEnded = false;
  /** Each dial waits for it before it starts. */
  dialGate: Promise<void> = Promise.resolve();
  readonly #http: ClientHttp2Session;
  readonly #server: ReturnType<typeof createServer>;
  readonly #echo: Target;

  private constructor(http: ClientHttp2Session, server: ReturnType<typeof createServer>, echo: Target) {
    this.#http = http;
    this.#server = server;
    this.#echo = echo;
    server.on('stream', (stream: ServerHttp2Stream, headers) => {
      stream.on('error', () => {});
      this.arrived.set(openIdOfPath(headers[':path'] ?? '') ?? '', stream);
    });
    const openStream = (id: string) => {
      if (this.hasEnded) throw new TunnelError('SESSION_LOST');
      return http.request(
        {
          ':method': 'CONNECT',
          ':protocol': CONNECT_PROTOCOL,
          ':scheme': 'https',
          ':path': streamPath(id),
        },
        { endStream: false },
      );
    };
    this.opens = new Opens({
      targets: { dial: (name, _deadline, cancel) => this.#dial(name, cancel) },
      port: {
        refusal: () => this.refusal,
        openStream,
        reuseStream: openStream,
        release: () => {},
        fail: (id, code) => this.failures.push({ id, code }),
      },
      links: new SessionLinks(
        () => {},
        () => false,
      ),
      carried: new CarriedConnections(
        () => [],
        () => 0,
      ),
      keepFor: () => 60_000,
      epoch: 'epoch-1',
      halfClosedTimeout: () => 60_000,
      log: () => {},
      metrics: createAgentMetrics(),
    });
  }

  static async start(): Promise<Scene> {
    const server = createServer({ settings: { enableConnectProtocol: true } });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const http = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    http.on('error', () => {});
    await once(http, 'remoteSettings');
    return new Scene(http, server, await startEcho());
  }

  get targets(): number {
    return this.#echo.open;
  }

  start(id: string): Promise<void> {
    return this.opens.start(this.#open(id));
  }

  #open(id: string) {
    return {
      type: 'open' as const,
      id,
      connector: 'db',
      connection: 'orders',
      client: '10.0.0.9',
      deadline: 5_000,
    };
  }

  /** Opens a connection that can outlive its stream. */
  startCarried(id: string): Promise<void> {
    const carry = { for: 60_000, closed: 5_000 };
    return this.opens.start({ ...this.#open(id), carry });
  }

  resume(id: string, of: string, streams: number, received = 0): Promise<void> {
    return this.opens.start({ ...this.#open(id), resume: { of, received, streams } });
  }

  /** Waits for the stream of an open and responds to it. */
  async arrival(id: string, status = 200): Promise<ServerHttp2Stream> {
    const stream = await eventually(`the stream ${id}`, () => this.arrived.get(id));
    stream.respond({ ':status': status });
    return stream;
  }

  async #dial(name: string, cancel: AbortController): Promise<TargetLease> {
    this.dials.push({ name, cancel });
    this.leases += 1;
    try {
      const aborted = Promise.withResolvers<never>();
      cancel.signal.addEventListener('abort', () => aborted.reject(cancel.signal.reason));
      await Promise.race([this.dialGate, aborted.promise]);
      const { host, port } = this.#echo.address;
      const dialed = await dialTarget(name, [{ address: host, family: 4 }], port, cancel.signal);
      return { ...dialed, release: () => this.#release() };
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  #release(): void {
    this.leases -= 1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.opens.abortAll('SESSION_LOST');
    await deadline('the opens to end', this.opens.idle());
    assert.deepEqual([this.opens.dialing, this.opens.live, this.leases], [0, 0, 0]);
    await eventually('the targets to be closed', () => this.targets === 0);
    const closed = once(this.#server, 'close');
    this.#http.destroy();
    this.#server.close();
    await closed;
    await this.#echo[Symbol.asyncDispose]();
  }
}

const outcomeOf = async (stream: ServerHttp2Stream) => {
  stream.resume();
  if (!stream.closed)
    await deadline(
      'the stream to end',
      once(stream, 'close').catch(() => {}),
    );
  return stream.rstCode === 0 ? 'clean' : 'reset';
};

test('an open is dialed, gets its stream and is spliced, and is counted at each step', async () => {
  await using _leaks = expectNoLeaks();
  await using scene = await Scene.start();
  const started = scene.start('a-1');
  assert.deepEqual([scene.opens.dialing, scene.opens.live], [1, 0]);
  await started;
  assert.deepEqual([scene.opens.dialing, scene.opens.live], [0, 1]);
  const stream = await scene.arrival('a-1');
  stream.write('hello');
  assert.equal(String((await once(stream, 'data'))[0]), 'hello');
  stream.end();
  assert.equal(await outcomeOf(stream), 'clean');
  await deadline('the open to end', scene.opens.idle());
  assert.deepEqual(scene.failures, []);
});

test('an id in use is refused, and the open that has it continues', async () => {
  await using _leaks = expectNoLeaks();
  await using scene = await Scene.start();
  const first = scene.start('a-1');
  await scene.start('a-1');
  await first;
  await scene.start('a-1');
  assert.deepEqual(scene.failures, [
    { id: 'a-1', code: 'PROTOCOL_ERROR' },
    { id: 'a-1', code: 'PROTOCOL_ERROR' },
  ]);
  assert.deepEqual([scene.dials.length, scene.opens.live], [1, 1]);
  const stream = await scene.arrival('a-1');
  stream.end('still here');
  assert.equal(String((await once(stream, 'data'))[0]), 'still here');
});

test('an open that the session refuses is not dialed', async () => {
  await using _leaks = expectNoLeaks();
  await using scene = await Scene.start();
  scene.refusal = new TunnelError('AGENT_DRAINING');
  await scene.start('a-1');
  assert.deepEqual(scene.failures, [{ id: 'a-1', code: 'AGENT_DRAINING' }]);
  assert.equal(scene.dials.length, 0);
});

test('a cancel ends the dial without a report, because the gateway no longer waits', async () => {
  await using _leaks = expectNoLeaks();
  await using scene = await Scene.start();
  scene.dialGate = new Promise(() => {});
  const started = scene.start('a-1');
  scene.opens.cancel('a-1', 'DIAL_TIMEOUT');
  await deadline('the dial to end', started);
  assert.deepEqual([scene.failures, scene.opens.dialing, scene.arrived.size], [[], 0, 0]);
  scene.opens.cancel('a-1', 'CLIENT_GONE');
  scene.opens.cancel('unknown', 'CLIENT_GONE');
});

test('a cancel that crosses a success resets stream and target', async () => {
  await using _leaks = expectNoLeaks();
  await using scene = await Scene.start();
  await scene.start('a-1');
  const stream = await scene.arrival('a-1');
  scene.opens.cancel('a-1', 'CLIENT_GONE');
  assert.equal(await outcomeOf(stream), 'reset');
  await eventually('the target to be closed', () => scene.targets === 0);
});

test('a stream that the gateway resets or refuses closes its target', async () => {
  await using _leaks = expectNoLeaks();
  await using scene = await Scene.start();
  await scene.start('a-1');
  const reset = await eventually('the stream', () => scene.arrived.get('a-1'));
  reset.destroy(new Error('test'));
  await deadline('the open to end', scene.opens.idle());
  await scene.start('a-2');
  await scene.arrival('a-2', 404);
  await deadline('the open to end', scene.opens.idle());
  await eventually('the targets to be closed', () => scene.targets === 0);
});

test('a dial that succeeds after the session has ended closes its target', async () => {
  await using _leaks = expectNoLeaks();
  await using scene = await Scene.start();
  scene.hasEnded = true;
  await scene.start('a-1');
  assert.deepEqual([scene.opens.dialing, scene.opens.live, scene.leases], [0, 0, 0]);
  await eventually('the target to be closed', () => scene.targets === 0);
});

test('the drain deadline resets live streams and lets dialing opens be retried elsewhere', async () => {
  await using _leaks = expectNoLeaks();
  await using scene = await Scene.start();
  await scene.start('a-1');
  const stream = await scene.arrival('a-1');
  scene.dialGate = new Promise(() => {});
  const dialing = scene.start('a-2');
  scene.opens.abortAll('DRAIN_TIMEOUT', 'AGENT_DRAINING');
  await deadline('the dial to end', dialing);
  assert.deepEqual(scene.failures, [{ id: 'a-2', code: 'AGENT_DRAINING' }]);
  assert.equal(await outcomeOf(stream), 'reset');
  await deadline('the opens to end', scene.opens.idle());
});

test('a resume that was delayed until after another one does not take the connection from its stream', async () => {
  await using _leaks = expectNoLeaks();
  await using scene = await Scene.start();
  await scene.startCarried('s-1');
  await scene.arrival('s-1');
  await scene.resume('s-2', 's-1', 1);
  const stream = await scene.arrival('s-2');
  stream.write('ping');
  assert.equal(String((await once(stream, 'data'))[0]), 'ping');
  await scene.resume('s-3', 's-1', 1);
  assert.deepEqual(scene.failures, [{ id: 's-3', code: 'SESSION_LOST' }]);
  stream.write('pong');
  assert.equal(String((await once(stream, 'data'))[0]), 'pong');
  scene.opens.abortAll('DRAIN_TIMEOUT');
  await scene.opens.idle();
});

test('of two resumes at once, the one that the gateway accepts carries the connection', async () => {
  await using _leaks = expectNoLeaks();
  await using scene = await Scene.start();
  await scene.startCarried('s-1');
  await scene.arrival('s-1');
  await scene.resume('s-2', 's-1', 1);
  await scene.resume('s-3', 's-1', 1);
  const stream = await scene.arrival('s-2');
  scene.opens.cancel('s-3', 'CLIENT_GONE');
  stream.write('ping');
  assert.equal(String((await once(stream, 'data'))[0]), 'ping');
  scene.opens.abortAll('DRAIN_TIMEOUT');
  await scene.opens.idle();
});

test('a stream that the gateway has left before its answer arrived does not take the connection', async () => {
  await using _leaks = expectNoLeaks();
  await using scene = await Scene.start();
  await scene.startCarried('s-1');
  await scene.arrival('s-1');
  await scene.resume('s-2', 's-1', 1);
  const left = await eventually('the stream s-2', () => scene.arrived.get('s-2'));
  // The gateway has accepted s-2, which was lost to it again, and now counts it.
  await scene.resume('s-3', 's-1', 2);
  const stream = await eventually('the stream s-3', () => scene.arrived.get('s-3'));
  left.respond({ ':status': 200 });
  assert.equal(await outcomeOf(left), 'reset');
  stream.respond({ ':status': 200 });
  stream.write('ping');
  assert.equal(String((await once(stream, 'data'))[0]), 'ping');
  scene.opens.abortAll('DRAIN_TIMEOUT');
  await scene.opens.idle();
});
