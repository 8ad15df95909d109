import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressLimit } from '../src/address-limit.ts';

test('each address may hold as many items as the limit allows', () => {
  const limit = new AddressLimit(() => 2);
  const first = limit.tryTake('10.0.0.1');
  assert.ok(first);
  assert.ok(limit.tryTake('10.0.0.1'));
  assert.equal(limit.tryTake('10.0.0.1'), undefined);
  assert.ok(limit.tryTake('10.0.0.2'));
  assert.equal(limit.size, 2);
  first();
  first();
  assert.ok(limit.tryTake('10.0.0.1'));
  assert.equal(limit.tryTake('10.0.0.1'), undefined, 'a second release has no effect');
});

test('IPv6 addresses of one /64 share the limit', () => {
  const limit = new AddressLimit(() => 1);
  assert.ok(limit.tryTake('2001:db8:1:2::1'));
  assert.equal(limit.tryTake('2001:db8:1:2::2'), undefined);
  assert.ok(limit.tryTake('2001:db8:1:3::1'));
});

test('a changed limit applies to the next item, and an address without items is forgotten', () => {
  let maximum = 1;
  const limit = new AddressLimit(() => maximum);
  const releases = [limit.tryTake('10.0.0.1')];
  assert.equal(limit.tryTake('10.0.0.1'), undefined);
  maximum = 2;
  releases.push(limit.tryTake('10.0.0.1'));
  for (const release of releases) release?.();
  assert.equal(limit.size, 0);
});
