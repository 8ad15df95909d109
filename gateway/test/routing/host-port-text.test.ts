import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostPortText } from '../../src/routing/host-port-text.ts';

test('a host is the same in any case and with the dot of an absolute name', () => {
  assert.equal(hostPortText('Orders.Internal.', 5432), hostPortText('orders.internal', 5432));
  assert.equal(hostPortText('2001:DB8:0::1', 1), '[2001:db8::1]:1');
});
