import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ProblemError, TunnelError } from '@penstock/wire';
import { eventually } from '../../../test/rig/eventually.ts';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { waitAfter } from '../../src/tunnel/backoff.ts';
import { GatewayError } from '../../src/tunnel/gateway-error.ts';
import { type Connected, keepConnected, LIVED } from '../../src/tunnel/reconnect.ts';
import { SessionRefused } from '../../src/tunnel/session-refused.ts';

const backoff = { base: 500, max: 30_000 };
const lost = new TunnelError('SESSION_LOST');

/** A loop whose sessions the test ends and replaces; `outcomes` are the errors its first tries come to. */
function startLoop(outcomes: Error[] = [], chance = 0.999999) {
  const clock = fakeClock();
  clock.chance(chance);
  const stopping = new AbortController();
  let news = new AbortController();
  const loop = {
    clock,
    outcomes,
    tries: 0,
    waits: [] as number[],
    session: undefined as undefined | { end(error: Error): void; makeOutgoing(): void },
    tell() {
      news.abort();
      news = new AbortController();
    },
    async stop() {
      stopping.abort();
      await done;
    },
  };
  const connectOnce = async (): Promise<Connected> => {
    loop.tries += 1;
    loop.session = undefined;
    const failure = outcomes.shift();
    if (failure !== undefined) throw failure;
    const ended = Promise.withResolvers<Error>();
    const outgoing = Promise.withResolvers<void>();
    loop.session = { end: ended.resolve, makeOutgoing: outgoing.resolve };
    return { ended: ended.promise, outgoing: outgoing.promise };
  };
  const done = keepConnected(
    {
      connectOnce,
      backoff: () => backoff,
      news: () => news.signal,
      onFailed: (_error, wait) => loop.waits.push(Math.round(wait)),
      onEnded: () => {},
      clock,
    },
    stopping.signal,
  );
  return loop;
}

const unreachable = () => new GatewayError('GATEWAY_UNREACHABLE', 'test');

test('waits double from failure to failure, and stay within 4 s while the gateway may be restarting', async () => {
  const loop = startLoop(Array.from({ length: 20 }, unreachable));
  await loop.clock.pass(25_000);
  assert.deepEqual(loop.waits.slice(0, 6), [500, 1000, 2000, 4000, 4000, 4000]);
  await loop.clock.pass(120_000);
  assert.equal(loop.waits.at(-1), 30_000);
  await loop.stop();
});

test('waits have full jitter', async () => {
  const loop = startLoop([unreachable(), unreachable()], 0.25);
  await loop.clock.pass(10_000);
  assert.deepEqual(loop.waits, [125, 250]);
  await loop.stop();
});

test('the back-off is forgotten only after a session has lived', async () => {
  const loop = startLoop([unreachable(), unreachable(), unreachable()]);
  await loop.clock.pass(5_000);
  assert.equal(loop.tries, 4);
  loop.session?.end(lost);
  loop.outcomes.push(unreachable());
  await loop.clock.pass(30_000);
  // Five failures, since the session that was lost at once counts as one.
  assert.equal(loop.waits.at(-1), 4_000);
  await loop.clock.pass(LIVED);
  loop.session?.end(lost);
  loop.outcomes.push(unreachable());
  await loop.clock.pass(2_000);
  assert.equal(loop.waits.at(-1), 500);
  await loop.stop();
});

test('after a loss the first try waits too: the whole fleet has lost the same gateway', async () => {
  const loop = startLoop();
  await loop.clock.pass(LIVED);
  loop.session?.end(lost);
  await loop.clock.pass(499);
  assert.equal(loop.tries, 1);
  await loop.clock.pass(1);
  assert.equal(loop.tries, 2);
  await loop.stop();
});

test('a successor of a session that has lived is made at once', async () => {
  const loop = startLoop();
  await loop.clock.pass(LIVED);
  loop.session?.makeOutgoing();
  await loop.clock.pass(0);
  assert.equal(loop.tries, 2);
  await loop.stop();
});

test('a gateway that sends every session away is not asked in a tight loop', async () => {
  const loop = startLoop();
  const sendAway = setInterval(() => loop.session?.makeOutgoing(), 0);
  for (let second = 0; second < 60; second += 1) await loop.clock.pass(1_000);
  clearInterval(sendAway);
  assert.ok(loop.tries < 25, `${loop.tries} tries in a minute`);
  await loop.stop();
});

test('news ends a wait', async () => {
  const loop = startLoop([new GatewayError('GATEWAY_PIN_MISMATCH', 'test')]);
  await loop.clock.pass(0);
  assert.deepEqual(loop.waits, [30_000]);
  loop.tell();
  await eventually('the next try', () => loop.tries === 2);
  await loop.stop();
});

test('stopping ends a wait and a session', async () => {
  const waiting = startLoop([unreachable()]);
  await waiting.clock.pass(0);
  await waiting.stop();
  const connected = startLoop();
  await connected.clock.pass(0);
  await connected.stop();
  assert.deepEqual([waiting.tries, connected.tries], [1, 1]);
});

test('what a session ended with is not kept for as long as the loop lives', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const loop = startLoop();
  const reasons: WeakRef<Error>[] = [];
  for (let round = 0; round < 20; round += 1) {
    await loop.clock.pass(LIVED);
    const reason = new TunnelError('SESSION_LOST');
    reasons.push(new WeakRef(reason));
    loop.session?.end(reason);
    await loop.clock.pass(1_000);
  }
  await eventually('the reasons to be forgotten', () => {
    collect();
    return reasons.filter((reason) => reason.deref() !== undefined).length <= 2;
  });
  await loop.stop();
});

const wait = (error: unknown) =>
  Math.round(waitAfter(error, 1, 0, backoff, { ...fakeClock(), random: () => 0 }));

test('Retry-After is honored, with jitter on top', () => {
  const busy = new ProblemError('TOO_MANY_REQUESTS', undefined, { retryAfter: 7 });
  assert.equal(wait(busy), 7_000);
  const jittered = waitAfter(busy, 1, 0, backoff, { ...fakeClock(), random: () => 0.5 });
  assert.equal(jittered, 7_250);
});

test('what only a person can mend is tried slowly, what mends itself is not', () => {
  const refused = (code: 'LIMIT_EXCEEDED' | 'VERSION_UNSUPPORTED', retryable: boolean) =>
    new SessionRefused({ type: 'refused', code, detail: 'test', retryable });
  const slow = [
    new GatewayError('GATEWAY_PIN_MISMATCH', 'test'),
    new GatewayError('GATEWAY_CERTIFICATE_INVALID', 'test'),
    new GatewayError('PROXY_INVALID', 'test'),
    new ProblemError('IDENTITY_REVOKED'),
    new ProblemError('IDENTITY_EXPIRED'),
    refused('VERSION_UNSUPPORTED', false),
  ];
  const fast = [
    unreachable(),
    new GatewayError('PROXY_REFUSED', 'test'),
    new ProblemError('TOO_MANY_REQUESTS'),
    new ProblemError('STORE_UNAVAILABLE'),
    new ProblemError('INTERNAL'),
    refused('LIMIT_EXCEEDED', true),
    lost,
    new Error('anything else'),
  ];
  assert.deepEqual(
    slow.map(wait),
    slow.map(() => 15_000),
  );
  assert.deepEqual(
    fast.map(wait),
    fast.map(() => 0),
  );
});
