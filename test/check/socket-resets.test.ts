import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resetsIn } from '../../scripts/check/socket-resets.ts';

test('a reset that may leak the socket is reported, and its name in a text is not', () => {
  assert.equal(resetsIn('a.ts', 'one.resetAndDestroy();\ntwo?.resetAndDestroy();').length, 2);
  assert.deepEqual(resetsIn('a.ts', "// resetAndDestroy\nconst text = 'resetAndDestroy';"), []);
});
