import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../../test/rig/eventually.ts';
import { type Address, cachedLookup, type Lookup, limitedLookup } from '../../src/target/lookup.ts';

const answer: readonly Address[] = [{ address: '192.0.2.1', family: 4 }];

/** A resolver that answers when the test calls `answer`. */
function silentResolver() {
  const asked: { readonly host: string; answer(): void; fail(): void }[] = [];
  const resolve: Lookup = (host) => {
    const { promise, resolve: give, reject } = Promise.withResolvers<readonly Address[]>();
    asked.push({ host, answer: () => give(answer), fail: () => reject(new Error('test')) });
    return promise;
  };
  return { asked, resolve, hosts: () => asked.map(({ host }) => host) };
}

test('lookups beyond the limit wait for their turn, whether earlier ones succeed or fail', async () => {
  const { asked, resolve, hosts } = silentResolver();
  const lookup = limitedLookup(resolve, { concurrent: 2, queued: 2 });
  const results = ['a', 'b', 'c', 'd'].map((host) => lookup(host).catch(() => 'failed'));
  assert.deepEqual(hosts(), ['a', 'b']);
  asked[0]?.fail();
  await eventually('the third lookup', () => asked.length === 3);
  asked[1]?.answer();
  await eventually('the fourth lookup', () => asked.length === 4);
  assert.deepEqual(hosts(), ['a', 'b', 'c', 'd']);
  for (const { answer } of asked) answer();
  assert.deepEqual(await Promise.all(results), ['failed', answer, answer, answer]);
  const later = ['e', 'f', 'g'].map((host) => lookup(host));
  assert.deepEqual(hosts().slice(4), ['e', 'f'], 'every permit was returned, and only once');
  for (let index = 4; index < 7; index += 1) {
    await eventually('a lookup', () => asked.length > index);
    asked[index]?.answer();
  }
  await Promise.all(later);
});

test('a lookup fails immediately when too many wait, and states why', async () => {
  const { asked, resolve } = silentResolver();
  const lookup = limitedLookup(resolve, { concurrent: 1, queued: 1 });
  const first = lookup('a');
  const second = lookup('b');
  await assert.rejects(lookup('c'), { code: 'DNS_FAILED', message: /c was not resolved.*name servers/ });
  asked[0]?.answer();
  await first;
  await eventually('the second lookup', () => asked.length === 2);
  asked[1]?.answer();
  assert.deepEqual(await second, answer);
});

test('the last answer remains valid while a name cannot be resolved, and a name never resolved fails', async () => {
  let fails = false;
  let asked = 0;
  const lookup = cachedLookup({ ttl: 1, size: 10 }, async () => {
    asked += 1;
    if (fails) throw new Error('test');
    return answer;
  });
  assert.deepEqual(await lookup('db'), answer);
  fails = true;
  await eventually('another lookup', async () => {
    assert.deepEqual(await lookup('db'), answer);
    return asked >= 3;
  });
  await assert.rejects(lookup('other'), { message: 'test' });
});
