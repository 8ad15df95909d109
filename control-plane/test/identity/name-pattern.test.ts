import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nameMatches } from '../../src/identity/name-pattern.ts';

test('a star matches any characters, a question mark matches one', () => {
  const matching = [
    ['orders-*', 'orders-1'],
    ['orders-*', 'orders-'],
    ['*', 'anything'],
    ['a*b*c', 'axxbyyc'],
    ['orders-?', 'orders-1'],
    ['orders', 'orders'],
  ] as const;
  const others = [
    ['orders-*', 'order-1'],
    ['orders-*', 'my-orders-1'],
    ['orders-?', 'orders-10'],
    ['orders', 'orders-1'],
    ['a.c', 'abc'],
    ['', 'a'],
  ] as const;
  for (const [glob, name] of matching) assert.equal(nameMatches(glob, name), true, `${glob} ${name}`);
  for (const [glob, name] of others) assert.equal(nameMatches(glob, name), false, `${glob} ${name}`);
});

test('the result equals that of the equivalent regular expression', () => {
  const symbols = fc.array(fc.constantFrom('a', 'b', '*', '?', '.', '-'), { maxLength: 8 });
  const names = fc.array(fc.constantFrom('a', 'b', '.', '-'), { maxLength: 10 });
  const expressions = new Map([
    ['*', '.*'],
    ['?', '.'],
  ]);
  fc.assert(
    fc.property(symbols, names, (glob, letters) => {
      const name = letters.join('');
      const source = glob.map((symbol) => expressions.get(symbol) ?? `[${symbol}]`).join('');
      assert.equal(nameMatches(glob.join(''), name), new RegExp(`^${source}$`).test(name));
    }),
  );
});

test('a hostile pattern is matched quickly', () => {
  const started = performance.now();
  assert.equal(nameMatches('*a'.repeat(31), 'a'.repeat(62).concat('b')), false);
  assert.ok(performance.now() - started < 100);
});
