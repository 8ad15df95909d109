import assert from 'node:assert/strict';
import { getDefaultAutoSelectFamilyAttemptTimeout, setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net';
import { test } from 'node:test';
import { extendAddressAttempts } from '../src/address-attempts.ts';

test('each address of a name gets time to repeat a lost packet', (context) => {
  const before = getDefaultAutoSelectFamilyAttemptTimeout();
  context.after(() => setDefaultAutoSelectFamilyAttemptTimeout(before));
  extendAddressAttempts();
  // The first repetition comes after one second.
  assert.ok(getDefaultAutoSelectFamilyAttemptTimeout() > 2_000);
});
