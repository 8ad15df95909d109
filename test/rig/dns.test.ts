import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { fakeLookup } from './dns.ts';
import { eventually } from './eventually.ts';
import { startHanging } from './targets.ts';

test('a fake lookup leads a name to the address it was given, and no other name anywhere', async () => {
  await using target = await startHanging();
  const { lookup, asked } = fakeLookup({ 'orders.internal': ['127.0.0.1'] });
  const known = connect({ host: 'orders.internal', port: target.address.port, lookup });
  await eventually('the target to be reached', () => target.accepted === 1);
  known.destroy();
  const unknown = connect({ host: 'other.internal', port: target.address.port, lookup });
  const error = await new Promise((resolve) => unknown.once('error', resolve));
  assert.equal((error as NodeJS.ErrnoException).code, 'ENOTFOUND');
  assert.deepEqual(asked, ['orders.internal', 'other.internal']);
});
