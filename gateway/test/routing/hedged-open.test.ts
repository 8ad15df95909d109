import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { TunnelError } from '@penstock/wire';
import { type Attempt, hedgedOpen } from '../../src/routing/hedged-open.ts';
import type { TargetStream } from '../../src/routing/session-contract.ts';
import { FakeSession } from './fake-session.ts';

/** An attempt whose answer the test controls. */
class TestAttempt implements Attempt {
  readonly session: FakeSession;
  readonly openedAt = 0;
  readonly refused: string[] = [];
  readonly target = { refuse: (code: string) => this.refused.push(code) } as unknown as TargetStream;
  signal: AbortSignal | undefined;
  silent = () => {};
  readonly #answer = Promise.withResolvers<TargetStream>();

  constructor(agent: string) {
    this.session = new FakeSession(agent, 'dc1');
  }

  open(signal: AbortSignal, onSilent: () => void): Promise<TargetStream> {
    this.signal = signal;
    this.silent = onSilent;
    signal.addEventListener('abort', () => this.#answer.reject(signal.reason));
    return this.#answer.promise;
  }

  succeed(): void {
    this.#answer.resolve(this.target);
  }

  fail(): void {
    this.#answer.reject(new TunnelError('REFUSED'));
  }
}

const client = () => new AbortController();

test('an agent that answers is the only one that is asked', async () => {
  const first = new TestAttempt('a1');
  const outcome = hedgedOpen(first, () => assert.fail('no other is asked'), client().signal);
  first.succeed();
  const { won, failed } = await outcome;
  assert.equal(won, first);
  assert.deepEqual(failed, []);
});

test('while an agent is silent others are asked, and the first answer wins', async () => {
  const [first, second, third] = [new TestAttempt('a1'), new TestAttempt('a2'), new TestAttempt('a3')];
  const others = [second, third];
  const outcome = hedgedOpen(first, () => others.shift(), client().signal);
  first.silent();
  second.silent();
  second.fail();
  await turn();
  third.succeed();
  const { won, failed } = await outcome;
  assert.equal(won, third);
  assert.deepEqual(
    failed.map(({ attempt, error }) => [attempt, (error as TunnelError).code]),
    [
      [second, 'REFUSED'],
      [first, 'AGENT_TIMEOUT'],
    ],
  );
  assert.equal(first.signal?.aborted, true, 'its open is canceled');
});

test('an agent that was silent can still win', async () => {
  const [first, second] = [new TestAttempt('a1'), new TestAttempt('a2')];
  const outcome = hedgedOpen(first, () => second, client().signal);
  first.silent();
  first.succeed();
  assert.equal((await outcome).won, first);
  assert.equal(second.signal?.aborted, true);
});

test('of two answers in one turn the second is refused, so its target is dropped', async () => {
  const [first, second] = [new TestAttempt('a1'), new TestAttempt('a2')];
  const outcome = hedgedOpen(first, () => second, client().signal);
  first.silent();
  second.succeed();
  first.succeed();
  assert.equal((await outcome).won, second);
  await turn();
  assert.deepEqual([first.refused, second.refused], [['CLIENT_GONE'], []]);
});

test('all failures are reported when none succeeds, the last one first', async () => {
  const [first, second] = [new TestAttempt('a1'), new TestAttempt('a2')];
  const outcome = hedgedOpen(first, () => second, client().signal);
  first.silent();
  first.fail();
  second.fail();
  const { won, failed } = await outcome;
  assert.equal(won, undefined);
  assert.deepEqual(
    failed.map(({ attempt }) => attempt),
    [second, first],
  );
});

test('a client that leaves cancels all opens', async () => {
  const [first, second] = [new TestAttempt('a1'), new TestAttempt('a2')];
  const leaving = client();
  const outcome = hedgedOpen(first, () => second, leaving.signal);
  first.silent();
  leaving.abort(new TunnelError('CLIENT_GONE'));
  await assert.rejects(outcome, { code: 'CLIENT_GONE' });
  assert.deepEqual([first.signal?.aborted, second.signal?.aborted], [true, true]);
});
