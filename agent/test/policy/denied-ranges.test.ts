import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deniedRanges } from '../../src/policy/denied-ranges.ts';

test('an address in a denied range is denied in any notation', () => {
  const isDenied = deniedRanges(['169.254.0.0/16', 'fd00::/8']);
  for (const denied of ['169.254.169.254', '::ffff:169.254.169.254', '::ffff:a9fe:a9fe', 'fd00::1']) {
    assert.equal(isDenied(denied), true, denied);
  }
  for (const allowed of ['10.0.0.1', '2001:db8::1', '0.0.0.0', '::']) {
    assert.equal(isDenied(allowed), false, allowed);
  }
});

test('the unspecified address is denied together with loopback', () => {
  for (const range of ['127.0.0.0/8', '::1/128']) {
    const isDenied = deniedRanges([range]);
    for (const address of ['0.0.0.0', '::', '0:0:0:0:0:0:0:0', '::ffff:0.0.0.0']) {
      assert.equal(isDenied(address), true, `${address} by ${range}`);
    }
  }
});
