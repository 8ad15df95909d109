import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { ClientHttp2Session } from 'node:http2';
import { test } from 'node:test';
import { WindowBudget } from '@penstock/transport';
import { limits, TunnelError } from '@penstock/wire';
import { DataStreams } from '../../src/tunnel/data-streams.ts';

const options = {
  windows: new WindowBudget(1).join(() => {}),
  maxIdle: 0,
  onViolation: () => {},
  onIdsExhausted: () => {},
};

function streamsOf(session: { readonly closed: boolean; readonly maxConcurrentStreams: number }) {
  const { closed, maxConcurrentStreams } = session;
  const http = { closed, remoteSettings: { maxConcurrentStreams } } as ClientHttp2Session;
  return new DataStreams(http, options);
}

test('twice as many streams as the gateway allows may exist while ended ones are being closed', () => {
  const streams = streamsOf({ closed: false, maxConcurrentStreams: 1_001 });
  for (const current of [0, limits.streamsPerSession, 2 * limits.streamsPerSession - 1]) {
    assert.equal(streams.refusal(current), undefined);
  }
  assert.equal(streams.refusal(2 * limits.streamsPerSession)?.code, 'AGENT_OVERLOADED');
  assert.equal(streamsOf({ closed: false, maxConcurrentStreams: 10 }).refusal(20)?.code, 'AGENT_OVERLOADED');
});

test('a session that received GOAWAY accepts no stream', () => {
  const streams = streamsOf({ closed: true, maxConcurrentStreams: 1_001 });
  assert.equal(streams.refusal(0)?.code, 'AGENT_DRAINING');
  assert.throws(
    () => streams.open('a-1'),
    (error) => error instanceof TunnelError && error.code === 'AGENT_DRAINING',
  );
});

test('a stream that has closed has no listeners of its connection', () => {
  const stream = new EventEmitter();
  const http = { closed: false, request: () => stream } as unknown as ClientHttp2Session;
  const streams = new DataStreams(http, options);
  let ends = 0;
  streams
    .open('a-1')
    .on('data', () => {})
    .on('close', () => {
      ends += 1;
    });
  stream.emit('close');
  assert.equal(ends, 1);
  assert.deepEqual(stream.eventNames(), ['error']);
});
