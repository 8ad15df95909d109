import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRequestedHost, redactHost } from '../../../src/ingress/forward-proxy/requested-host.ts';

const GRANT = 'abcdefghijklmnopqrstuvwxyz';

test('a host is the name of a connection, a name with a grant, or a host of a target', () => {
  const withoutGrant = { grant: undefined };
  const other = { isConnectionName: false, ...withoutGrant };
  const named = { isConnectionName: true, ...withoutGrant };
  assert.deepEqual(parseRequestedHost('Orders'), { name: 'orders', ...other });
  assert.deepEqual(parseRequestedHost('db.internal'), { name: 'db.internal', ...other });
  assert.deepEqual(parseRequestedHost('orders.PENSTOCK'), { name: 'orders', ...named });
  assert.deepEqual(parseRequestedHost('orders.penstock.'), { name: 'orders', ...named });
  assert.equal(parseRequestedHost('Orders.Internal.').name, 'orders.internal');
  assert.equal(parseRequestedHost(`orders--${GRANT}.penstock.`).grant, GRANT);
  assert.deepEqual(parseRequestedHost(`a--b.c--${GRANT.toUpperCase()}.penstock`), {
    name: 'a--b.c',
    isConnectionName: true,
    grant: GRANT,
  });
  for (const host of [`--${GRANT}.penstock`, `orders-${GRANT}.penstock`, `orders--${GRANT}a.penstock`]) {
    assert.equal(parseRequestedHost(host).grant, undefined, host);
  }
});

test('a grant at a wrong place in a host is redacted', () => {
  for (const host of [
    `db--${GRANT}`,
    `db-${GRANT}.penstock`,
    `db--pst_grant_${GRANT}`,
    `db--${GRANT.slice(0, -1)}.penstock`,
    `${GRANT}a.example`,
  ]) {
    const shown = redactHost(parseRequestedHost(host.toUpperCase()).name);
    assert.ok(shown.includes('[redacted]') && !shown.includes(GRANT.slice(0, 8)), shown);
  }
  assert.equal(redactHost('orders-db.internal.example'), 'orders-db.internal.example');
});
