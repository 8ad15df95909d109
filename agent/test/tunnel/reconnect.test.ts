import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ProblemError, TunnelError } from '@penstock/wire';
import { eventually } from '../../../test/rig/eventually.ts';
import { fakeClock } from '../../../test/rig/fake-clock.ts';
import { retryDelay } from '../../src/tunnel/backoff.ts';
import { GatewayError } from '../../src/tunnel/gateway-error.ts';
import { type Connected, keepConnected, STABLE_SESSION_MS } from '../../src/tunnel/reconnect.ts';
import { SessionRefused } from '../../src/tunnel/session-refused.ts';

const backoff = { base: 500, max: 30_000 };
const lost = new TunnelError('SESSION_LOST');

/** A loop whose sessions the test ends and replaces. Its first attempts fail with `outcomes`. */
function startLoop(outcomes: Error[] = [], chance = 0.999999) {
  const clock = fakeClock();
  clock.chance(chance);
  const stopping = new AbortController();
  let retry = new AbortController();
  const loop = {
    clock,
    outcomes,
    attempts: 0,
    delays: [] as number[],
    session: undefined as undefined | { end(error: Error): void; requestSuccessor(): void },
    retryNow() {
      retry.abort();
      retry = new AbortController();
    },
    async stop() {
      stopping.abort();
      await done;
    },
  };
  const connectOnce = async (): Promise<Connected> => {
    loop.attempts += 1;
    loop.session = undefined;
    const failure = outcomes.shift();
    if (failure !== undefined) throw failure;
    const ended = Promise.withResolvers<Error>();
    const successorRequested = Promise.withResolvers<void>();
    loop.session = { end: ended.resolve, requestSuccessor: successorRequested.resolve };
    return { ended: ended.promise, successorRequested: successorRequested.promise };
  };
  const done = keepConnected(
    {
      connectOnce,
      backoff: () => backoff,
      retryNow: () => retry.signal,
      onFailed: (_error, wait) => loop.delays.push(Math.round(wait)),
      onEnded: () => {},
      clock,
    },
    stopping.signal,
  );
  return loop;
}

const unreachable = () => new GatewayError('GATEWAY_UNREACHABLE', 'test');

test('delays double with each failure, and stay within 4 s while the gateway may be restarting', async () => {
  const loop = startLoop(Array.from({ length: 20 }, unreachable));
  await loop.clock.pass(25_000);
  assert.deepEqual(loop.delays.slice(0, 6), [500, 1000, 2000, 4000, 4000, 4000]);
  await loop.clock.pass(120_000);
  assert.equal(loop.delays.at(-1), 30_000);
  await loop.stop();
});

test('delays have full jitter', async () => {
  const loop = startLoop([unreachable(), unreachable()], 0.25);
  await loop.clock.pass(10_000);
  assert.deepEqual(loop.delays, [125, 250]);
  await loop.stop();
});

test('the backoff is reset only after a stable session', async () => {
  const loop = startLoop([unreachable(), unreachable(), unreachable()]);
  await loop.clock.pass(5_000);
  assert.equal(loop.attempts, 4);
  loop.session?.end(lost);
  loop.outcomes.push(unreachable());
  await loop.clock.pass(30_000);
  // Five failures, because the session that was lost immediately counts as one.
  assert.equal(loop.delays.at(-1), 4_000);
  await loop.clock.pass(STABLE_SESSION_MS);
  loop.session?.end(lost);
  loop.outcomes.push(unreachable());
  await loop.clock.pass(2_000);
  assert.equal(loop.delays.at(-1), 500);
  await loop.stop();
});

test('after a loss the first attempt is delayed too, because the whole fleet has lost the same gateway', async () => {
  const loop = startLoop();
  await loop.clock.pass(STABLE_SESSION_MS);
  loop.session?.end(lost);
  await loop.clock.pass(499);
  assert.equal(loop.attempts, 1);
  await loop.clock.pass(1);
  assert.equal(loop.attempts, 2);
  await loop.stop();
});

test('the successor of a stable session is made without delay', async () => {
  const loop = startLoop();
  await loop.clock.pass(STABLE_SESSION_MS);
  loop.session?.requestSuccessor();
  await loop.clock.pass(0);
  assert.equal(loop.attempts, 2);
  await loop.stop();
});

test('a gateway that requests every session to be replaced is not contacted in a tight loop', async () => {
  const loop = startLoop();
  const sendAway = setInterval(() => loop.session?.requestSuccessor(), 0);
  for (let second = 0; second < 60; second += 1) await loop.clock.pass(1_000);
  clearInterval(sendAway);
  assert.ok(loop.attempts < 25, `${loop.attempts} attempts in a minute`);
  await loop.stop();
});

test('an event ends a delay', async () => {
  const loop = startLoop([new GatewayError('GATEWAY_PIN_MISMATCH', 'test')]);
  await loop.clock.pass(0);
  assert.deepEqual(loop.delays, [30_000]);
  loop.retryNow();
  await eventually('the next attempt', () => loop.attempts === 2);
  await loop.stop();
});

test('stopping ends a delay and a session', async () => {
  const waiting = startLoop([unreachable()]);
  await waiting.clock.pass(0);
  await waiting.stop();
  const connected = startLoop();
  await connected.clock.pass(0);
  await connected.stop();
  assert.deepEqual([waiting.attempts, connected.attempts], [1, 1]);
});

test('the errors of ended sessions are released while the loop runs', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const loop = startLoop();
  const reasons: WeakRef<Error>[] = [];
  for (let round = 0; round < 20; round += 1) {
    await loop.clock.pass(STABLE_SESSION_MS);
    const reason = new TunnelError('SESSION_LOST');
    reasons.push(new WeakRef(reason));
    loop.session?.end(reason);
    await loop.clock.pass(1_000);
  }
  await eventually('the errors to be released', () => {
    collect();
    return reasons.filter((reason) => reason.deref() !== undefined).length <= 2;
  });
  await loop.stop();
});

const wait = (error: unknown) =>
  Math.round(retryDelay(error, 1, 0, backoff, { ...fakeClock(), random: () => 0 }));

test('Retry-After is honored, with jitter on top', () => {
  const busy = new ProblemError('TOO_MANY_REQUESTS', undefined, { retryAfter: 7 });
  assert.equal(wait(busy), 7_000);
  const jittered = retryDelay(busy, 1, 0, backoff, { ...fakeClock(), random: () => 0.5 });
  assert.equal(jittered, 7_250);
});

test('what only a person can fix is retried slowly, other failures are not', () => {
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
