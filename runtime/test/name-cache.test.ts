import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeClock } from '../../test/rig/fake-clock.ts';
import type { HostAddress } from '../src/fair-lookup.ts';
import { NameCache } from '../src/name-cache.ts';

const at = (address: string): readonly HostAddress[] => [{ address, family: 4 }];
const failure = (code: string) => Object.assign(new Error(`getaddrinfo ${code}`), { code });

/** A resolver that answers as the test says. Fake. */
function namesOf({ ttl = 0, size = 10 }: { ttl?: number; size?: number } = {}) {
  const clock = fakeClock();
  const asked: string[] = [];
  let answer: () => Promise<readonly HostAddress[]> = async () => at('192.0.2.1');
  const lookup = (host: string) => {
    asked.push(host);
    return answer();
  };
  const names = new NameCache({ ttl, size, lookup, clock });
  return {
    names,
    clock,
    asked,
    answers: (addresses: readonly HostAddress[]) => {
      answer = async () => addresses;
    },
    fails: (code: string) => {
      answer = () => Promise.reject(failure(code));
    },
    hangs: () => {
      const { promise, resolve } = Promise.withResolvers<readonly HostAddress[]>();
      answer = () => promise;
      return resolve;
    },
  };
}

test('an answer is used for its time, and one lookup serves all who wait', async () => {
  const { names, clock, asked, answers } = namesOf({ ttl: 1_000 });
  assert.deepEqual(await Promise.all([names.resolve('db'), names.resolve('db')]), [
    at('192.0.2.1'),
    at('192.0.2.1'),
  ]);
  answers(at('192.0.2.2'));
  await clock.pass(999);
  assert.deepEqual(await names.resolve('db'), at('192.0.2.1'));
  assert.equal(asked.length, 1);
  await clock.pass(1);
  assert.deepEqual(await names.resolve('db'), at('192.0.2.2'));
  assert.equal(asked.length, 2);
});

test('the last answer serves while a lookup is slow, and the new one as soon as it comes', async () => {
  const { names, clock, asked, hangs } = namesOf();
  await names.resolve('db');
  const answerNow = hangs();
  const first = names.resolve('db');
  await clock.pass(299);
  assert.equal(await Promise.race([first, 'waiting']), 'waiting');
  await clock.pass(1);
  assert.deepEqual(await first, at('192.0.2.1'));
  // The lookup goes on, and nobody waits for it again.
  const second = names.resolve('db');
  await clock.pass(0);
  assert.deepEqual(await second, at('192.0.2.1'));
  assert.equal(asked.length, 2);
  answerNow(at('192.0.2.2'));
  assert.deepEqual(await names.resolve('db'), at('192.0.2.2'));
  assert.deepEqual(clock.waiting, []);
});

test('a name that was never resolved waits for its lookup, and fails with it', async () => {
  const { names, fails } = namesOf();
  fails('EAI_AGAIN');
  await assert.rejects(names.resolve('db'), { code: 'EAI_AGAIN' });
});

test('the last answer serves while name servers do not answer, for a day', async () => {
  const { names, clock, fails } = namesOf();
  await names.resolve('db');
  fails('EAI_AGAIN');
  await clock.pass(24 * 60 * 60_000);
  assert.deepEqual(await names.resolve('db'), at('192.0.2.1'));
  await clock.pass(1);
  await assert.rejects(names.resolve('db'), { code: 'EAI_AGAIN' });
});

for (const code of ['ENOTFOUND', 'ENODATA'] as const) {
  test(`a name that no longer exists (${code}) leads to its last address for ten seconds`, async () => {
    const { names, clock, fails, answers } = namesOf();
    await names.resolve('db');
    fails(code);
    assert.deepEqual(await names.resolve('db'), at('192.0.2.1'));
    await clock.pass(9_999);
    assert.deepEqual(await names.resolve('db'), at('192.0.2.1'));
    await clock.pass(1);
    await assert.rejects(names.resolve('db'), { code });
    await assert.rejects(names.resolve('db'), { code });
    answers(at('192.0.2.3'));
    assert.deepEqual(await names.resolve('db'), at('192.0.2.3'));
  });
}

test('a name that is back within its grace starts anew', async () => {
  const { names, clock, fails, answers } = namesOf();
  await names.resolve('db');
  fails('ENOTFOUND');
  await names.resolve('db');
  await clock.pass(9_000);
  answers(at('192.0.2.1'));
  await names.resolve('db');
  fails('ENOTFOUND');
  await clock.pass(9_000);
  assert.deepEqual(await names.resolve('db'), at('192.0.2.1'));
});

test('an answer with no address counts like a name that does not exist', async () => {
  const { names, clock, answers } = namesOf();
  await names.resolve('db');
  answers([]);
  assert.deepEqual(await names.resolve('db'), at('192.0.2.1'));
  await clock.pass(10_000);
  assert.deepEqual(await names.resolve('db'), []);
});

test('a failed connection drops the answer, unless it has just been looked up', async () => {
  const { names, clock, asked, answers, hangs } = namesOf({ ttl: 30_000 });
  assert.equal(names.failed('db'), false);
  await names.resolve('db');
  assert.equal(names.failed('db'), false);
  await clock.pass(1_000);
  answers(at('192.0.2.2'));
  assert.equal(names.failed('db'), true);
  assert.deepEqual(await names.resolve('db'), at('192.0.2.2'));
  assert.equal(asked.length, 2);
  // A doubtful answer does not serve while the lookup is slow.
  await clock.pass(1_000);
  assert.equal(names.failed('db'), true);
  const answerNow = hangs();
  const next = names.resolve('db');
  await clock.pass(10_000);
  assert.equal(await Promise.race([next, 'waiting']), 'waiting');
  answerNow(at('192.0.2.3'));
  assert.deepEqual(await next, at('192.0.2.3'));
});

test('a doubtful answer still serves when name servers do not answer, but not when they deny the name', async () => {
  const { names, clock, fails } = namesOf({ ttl: 30_000 });
  await names.resolve('db');
  await clock.pass(1_000);
  names.failed('db');
  fails('EAI_AGAIN');
  assert.deepEqual(await names.resolve('db'), at('192.0.2.1'));
  fails('ENOTFOUND');
  await assert.rejects(names.resolve('db'), { code: 'ENOTFOUND' });
});

test('a limited number of names is kept', async () => {
  const { names, fails } = namesOf({ size: 2 });
  for (const host of ['a', 'b', 'c']) await names.resolve(host);
  fails('EAI_AGAIN');
  await assert.rejects(names.resolve('a'), { code: 'EAI_AGAIN' });
  assert.deepEqual(await names.resolve('c'), at('192.0.2.1'));
});
