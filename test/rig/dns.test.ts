import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeLookup } from './dns.ts';

test('a fake lookup resolves only the names it was given', async () => {
  const { lookup, asked } = fakeLookup({ 'orders.internal': ['127.0.0.1', '::1'] });
  assert.deepEqual(await lookup('orders.internal'), [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ]);
  await assert.rejects(lookup('other.internal'), { code: 'ENOTFOUND' });
  assert.deepEqual(asked, ['orders.internal', 'other.internal']);
});
