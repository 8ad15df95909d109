import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import { Duplex, PassThrough } from 'node:stream';
import { test } from 'node:test';
import { SessionLinks, UntoldEnds } from '@penstock/transport';
import { Relay } from '../../src/relay/relay.ts';
import { ACCEPT } from '../../src/relay/relayed-stream.ts';
import type { TargetStream } from '../../src/routing/session-contract.ts';

/** What the agent is told on its next session, after a peer left a stream that it had not accepted. */
async function untoldAfterLeaving(isResume: boolean): Promise<readonly string[]> {
  const untold = new UntoldEnds();
  const links = new SessionLinks(
    () => {},
    () => false,
    untold,
  );
  const peer = new PassThrough();
  const stream = new PassThrough();
  const { promise: done, resolve } = Promise.withResolvers<Relay>();
  const target = {
    stream,
    link: links.link('the-connection'),
    isCutShort: true,
    isReset: false,
    isLost: false,
    accept: () => {},
    refuse: () => stream.destroy(),
  } as unknown as TargetStream;
  const start = { byTarget: 0, byClient: 0, isResume };
  new Relay(peer as unknown as ServerHttp2Stream, target, start, {
    acknowledge: () => {},
    onLost: () => {},
    onRetiring: () => {},
    keptWithoutPeer: () => 0,
    onDone: resolve,
  });
  peer.destroy();
  await done;
  if (!stream.closed) await once(stream, 'close');
  links.stop();
  return untold.take();
}

test('a resume that the client has left for another path does not end the connection', async () => {
  // The peer asks several sessions and takes the first stream: the others are left, and the connection goes on.
  assert.deepEqual(await untoldAfterLeaving(true), []);
  // The agent has connected its target for this open alone, and may not have heard of its end.
  assert.deepEqual(await untoldAfterLeaving(false), ['the-connection']);
});

/** A stream that the test feeds by `push`, and that takes everything. */
const fed = () =>
  Object.assign(new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() }), {
    rstCode: 0,
    aborted: false,
    session: { destroyed: false },
  });

test('a relay waits for a reader that is slow, and ten seconds for an end that does not say that it was handed FIN', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const [peer, stream] = [fed(), fed()];
  const links = new SessionLinks(
    () => {},
    () => false,
  );
  let isDone = false;
  const target = {
    stream,
    link: links.link('the-connection'),
    isCutShort: false,
    isReset: false,
    isLost: false,
    accept: () => {},
    refuse: () => {},
  } as unknown as TargetStream;
  const start = { byTarget: 0, byClient: 0, isResume: false };
  const relay = new Relay(peer as unknown as ServerHttp2Stream, target, start, {
    acknowledge: () => {},
    onLost: () => {},
    onRetiring: () => {},
    keptWithoutPeer: () => 0,
    onDone: () => {
      isDone = true;
    },
  });
  const closed = Promise.all([once(peer, 'close'), once(stream, 'close')]);
  peer.push(ACCEPT);
  stream.push('four');
  stream.push(null);
  peer.push(null);
  await closed;
  t.mock.timers.tick(60_000);
  assert.equal(isDone, false, 'the client has not been handed the four bytes');
  relay.acknowledged(4, undefined);
  t.mock.timers.tick(9_999);
  assert.equal(isDone, false);
  t.mock.timers.tick(1);
  assert.equal(isDone, true);
  links.stop();
});
