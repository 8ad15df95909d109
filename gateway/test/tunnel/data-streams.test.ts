import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import { type TestContext, test } from 'node:test';
import { SessionLinks, UntoldEnds } from '@penstock/transport';
import { type CloseCode, type GatewayMessage, limits, TunnelError, type Unsent } from '@penstock/wire';
import { DataStreams } from '../../src/tunnel/data-streams.ts';

/** The part of a stream that DataStreams uses. */
class FakeStream extends EventEmitter {
  closed = false;
  destroyed = false;
  reason: unknown;

  destroy(reason: unknown): void {
    this.closed = true;
    this.destroyed = true;
    this.reason = reason;
    this.emit('close');
  }
}

const asStream = (stream: FakeStream) => stream as unknown as ServerHttp2Stream;

function setUp(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const sent: Unsent<GatewayMessage>[] = [];
  const windows = { open: 0 };
  let rooms = 0;
  const streams = new DataStreams(
    'k7',
    (message) => sent.push(message),
    {
      setRoundTrip: () => {},
      streamOpened: () => {
        windows.open += 1;
      },
      streamClosed: () => {
        windows.open -= 1;
      },
      release: () => {},
    },
    new SessionLinks(
      () => {},
      () => false,
    ),
    new UntoldEnds(),
    () => {
      rooms += 1;
    },
    () => {},
  );
  const request = (signal = new AbortController().signal) => {
    const promise = streams.request({
      connector: 'db',
      connection: 'orders',
      client: '10.0.0.9',
      timeout: 1_000,
      signal,
    });
    promise.catch(() => {});
    return promise;
  };
  return { t, sent, windows, streams, request, rooms: () => rooms };
}

const failsWith = (code: CloseCode) => (error: unknown) =>
  error instanceof TunnelError && error.code === code;
const codeOf = (reason: unknown) => (reason instanceof TunnelError ? reason.code : undefined);

test('a stream that has closed has no listeners of its connection', async (t) => {
  const { streams, request } = setUp(t);
  const opened = request();
  const stream = new FakeStream();
  streams.arrive('k7-1', asStream(stream), undefined);
  await opened;
  let ends = 0;
  stream
    .on('data', () => {})
    .on('close', () => {
      ends += 1;
    });
  stream.destroy(undefined);
  assert.equal(ends, 1);
  assert.deepEqual(stream.eventNames(), ['error']);
});

test('an open is sent, answered by its stream, and counted until the stream closes', async (t) => {
  const { sent, windows, streams, request } = setUp(t);
  const promise = request();
  assert.deepEqual(sent, [
    {
      type: 'open',
      id: 'k7-1',
      connector: 'db',
      connection: 'orders',
      client: '10.0.0.9',
      deadline: 900,
    },
  ]);
  assert.deepEqual([streams.opening, streams.open], [1, 0]);
  const stream = new FakeStream();
  assert.equal(streams.arrive('k7-1', asStream(stream), undefined), true);
  assert.equal((await promise).stream, stream);
  assert.deepEqual([streams.opening, streams.open, windows.open], [0, 1, 1]);
  stream.destroy(undefined);
  assert.deepEqual([streams.open, windows.open], [0, 0]);
  t.mock.timers.tick(5_000);
  assert.equal(sent.length, 1);
});

test('after any end of an open its late stream is reset, which is not a protocol error', async (t) => {
  const scene = setUp(t);
  const { sent, streams, request } = scene;
  const ends: [string, (id: string, leave: AbortController) => void, CloseCode][] = [
    ['a failure', (id) => streams.fail(id, 'REFUSED', 'no'), 'REFUSED'],
    ['its deadline', () => t.mock.timers.tick(1_000), 'AGENT_TIMEOUT'],
    ['a client that leaves', (_id, leave) => leave.abort(new TunnelError('CLIENT_GONE')), 'CLIENT_GONE'],
    ['the end of the session', () => streams.endAll('SESSION_LOST'), 'SESSION_LOST'],
  ];
  for (const [index, [what, end, code]] of ends.entries()) {
    const leave = new AbortController();
    const promise = request(leave.signal);
    const id = `k7-${index + 1}`;
    end(id, leave);
    await assert.rejects(promise, failsWith(code), what);
    const late = new FakeStream();
    assert.equal(streams.arrive(id, asStream(late), undefined), true, what);
    assert.equal(codeOf(late.reason), 'CLIENT_GONE', what);
    streams.fail(id, 'REFUSED', 'again');
    assert.deepEqual([streams.opening, streams.open], [0, 0], what);
  }
  assert.deepEqual(
    sent.filter(({ type }) => type === 'cancel'),
    [
      { type: 'cancel', id: 'k7-2', code: 'DIAL_TIMEOUT' },
      { type: 'cancel', id: 'k7-3', code: 'CLIENT_GONE' },
    ],
  );
});

test('no open is sent for a client that has left already', async (t) => {
  const { sent, streams, request } = setUp(t);
  await assert.rejects(request(AbortSignal.abort(new TunnelError('CLIENT_GONE'))), failsWith('CLIENT_GONE'));
  assert.deepEqual([sent, streams.opening], [[], 0]);
});

test('a second stream of an open is reset, and the first continues', async (t) => {
  const { streams, request } = setUp(t);
  const promise = request();
  const [first, second] = [new FakeStream(), new FakeStream()];
  streams.arrive('k7-1', asStream(first), undefined);
  assert.equal(streams.arrive('k7-1', asStream(second), undefined), true);
  assert.equal((await promise).stream, first);
  assert.deepEqual([first.destroyed, second.destroyed], [false, true]);
});

test('a stream that arrives reset counts as a reset by the target', async (t) => {
  const { streams, windows, request } = setUp(t);
  const promise = request();
  const stream = new FakeStream();
  stream.closed = true;
  assert.equal(streams.arrive('k7-1', asStream(stream), undefined), true);
  await assert.rejects(promise, failsWith('TARGET_RESET'));
  assert.deepEqual([streams.opening, streams.open, windows.open], [0, 0, 0]);
});

test('an id that was never issued is a protocol error', (t) => {
  const { streams, request } = setUp(t);
  void request();
  for (const id of ['k7-2', 'k7-0', 'k7-01', 'k7--1', 'k7-1e0', 'k8-1', 'k7', '-1', '', 'k7-1-1']) {
    const stream = new FakeStream();
    assert.equal(streams.arrive(id, asStream(stream), undefined), false, id);
    assert.equal(stream.destroyed, true, id);
  }
  assert.equal(streams.opening, 1);
});

test('the end of the session fails every open and resets every stream', async (t) => {
  const { streams, request } = setUp(t);
  const live = new FakeStream();
  const answered = request();
  streams.arrive('k7-1', asStream(live), undefined);
  await answered;
  const waiting = request();
  streams.endAll('DRAIN_TIMEOUT');
  await assert.rejects(waiting, failsWith('DRAIN_TIMEOUT'));
  assert.equal(codeOf(live.reason), 'DRAIN_TIMEOUT');
  assert.deepEqual([streams.opening, streams.open], [0, 0]);
});

test('a session is full at its stream limit, and reports when it has room again', async (t) => {
  const { streams, request, rooms } = setUp(t);
  const most = limits.streamsPerSession - 1;
  for (let count = 0; count < most - 1; count += 1) void request();
  assert.equal(streams.isFull, false);
  void request();
  assert.equal(streams.isFull, true);
  assert.equal(rooms(), 0);
  streams.fail('k7-5', 'REFUSED', 'no');
  assert.deepEqual([streams.isFull, rooms()], [false, 1]);
  streams.fail('k7-6', 'REFUSED', 'no');
  assert.equal(rooms(), 1);
  streams.endAll('SESSION_LOST');
});
