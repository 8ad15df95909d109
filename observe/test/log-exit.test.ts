import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const child = fileURLToPath(new URL('log-exit-child.ts', import.meta.url));

for (const [way, code] of [
  ['exit', 3],
  ['throw', 1],
] as const) {
  test(`no line is lost when the process ends by ${way}`, () => {
    const { stdout, status } = spawnSync(process.execPath, [child, way], { encoding: 'utf8' });
    assert.equal(status, code);
    const messages = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).msg);
    assert.deepEqual(messages, ['first', 'last']);
  });
}
