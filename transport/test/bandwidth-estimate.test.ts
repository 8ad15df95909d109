import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { BandwidthEstimate } from '../src/bandwidth-estimate.ts';
import { type BbrEstimate, type TcpOptions, tcpOptions } from '../src/tcp-options.ts';

/** A connection with an estimate that a test changes. */
function simulated(estimate: BbrEstimate | undefined, handle: object | null | undefined = { fd: 7 }) {
  const state = { estimate, restarts: 0 };
  const options: TcpOptions = {
    bbrEstimate: () => state.estimate,
    segmentBytes: () => 1_448,
    restartBbr() {
      state.restarts += 1;
    },
  };
  const socket = { _handle: handle } as unknown as TLSSocket;
  return { state, estimate: new BandwidthEstimate(socket, options) };
}

test('an estimate below what a new connection begins with is discarded', () => {
  const { state, estimate } = simulated({ bandwidth: 40, roundTrip: 100 });
  assert.equal(estimate.renewIfLow(), true);
  assert.equal(state.restarts, 1);
});

test('an estimate of at least that is kept', () => {
  const { state, estimate } = simulated({ bandwidth: 145, roundTrip: 100 });
  assert.equal(estimate.renewIfLow(), false);
  assert.equal(state.restarts, 0);
});

test('a path that carries no more is measured once, and again when it had carried more', () => {
  const { state, estimate } = simulated({ bandwidth: 40, roundTrip: 100 });
  const renewals = () => [1, 2, 3].filter(() => estimate.renewIfLow()).length;
  assert.equal(renewals(), 1);
  assert.equal(renewals(), 0);
  state.estimate = { bandwidth: 10_000, roundTrip: 100 };
  assert.equal(renewals(), 0);
  state.estimate = { bandwidth: 40, roundTrip: 100 };
  assert.equal(renewals(), 1);
});

test('connections without an estimate are left alone', () => {
  const { state, estimate } = simulated(undefined);
  assert.equal(estimate.renewIfLow(), false);
  assert.equal(state.restarts, 0);
});

test('a socket without a descriptor is left alone', () => {
  for (const handle of [{ fd: -1 }, {}, null]) {
    const { state, estimate } = simulated({ bandwidth: 40, roundTrip: 100 }, handle);
    assert.equal(estimate.renewIfLow(), false);
    assert.equal(state.restarts, 0);
  }
});

test('BBR begins again on a connection that goes on', async (t) => {
  const options = tcpOptions();
  if (options === undefined) return t.skip('this system does not let the tests use BBR');
  const server = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const socket: Socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  t.after(async () => {
    socket.destroy();
    server.close();
    await once(server, 'close');
  });
  const descriptor = (socket as unknown as { _handle: { fd: number } })._handle.fd;
  if (options.bbrEstimate(descriptor) === undefined) options.restartBbr(descriptor);
  const echo = async (text: string) => {
    socket.write(text);
    const [answer] = await once(socket, 'data');
    assert.equal(String(answer), text);
  };
  await echo('before');
  const before = options.bbrEstimate(descriptor);
  assert.ok(before !== undefined && before.bandwidth > 0 && before.roundTrip < 60_000);
  // Ten segments in a round trip on loopback would be several gigabytes a second.
  assert.equal(new BandwidthEstimate(socket as TLSSocket).renewIfLow(), true);
  assert.equal(options.bbrEstimate(descriptor)?.bandwidth, 0);
  await echo('after');
});

test('a descriptor that is no connection has no TCP options', (t) => {
  const options = tcpOptions();
  if (options === undefined) return t.skip('this system does not let the tests use BBR');
  assert.equal(options.bbrEstimate(1_000_000), undefined);
  assert.equal(options.segmentBytes(1_000_000), undefined);
  options.restartBbr(1_000_000);
});
