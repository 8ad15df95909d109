import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const child = fileURLToPath(new URL('pretenuring-child.ts', import.meta.url));

test('new objects are in the young generation, even if all earlier ones have survived', async () => {
  // V8 looks at this only when the young generation is large.
  const options = ['--allow-natives-syntax', '--min-semi-space-size=16'];
  const { stdout } = await promisify(execFile)(process.execPath, [...options, child]);
  assert.equal(Number(stdout), 1_000);
});
