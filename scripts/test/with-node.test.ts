import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '../..');

test('an older Node says what is missing and what to do, instead of refusing the extension of a file', () => {
  const script = `
    const { missingNode } = await import('./scripts/with-node.js');
    console.log(JSON.stringify([missingNode('20.20.2'), missingNode('26.10.0') ?? null]));`;
  const options = { cwd: ROOT, encoding: 'utf8' } as const;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], options);
  const [old, current] = JSON.parse(stdout || stderr) as (string | null)[];
  assert.match(
    old ?? '',
    /needs Node 26\.10\.0, and was started by Node 20\.20\.2[\s\S]*npm ci --ignore-scripts=false/,
  );
  assert.equal(current, null);
});

test('arguments reach the file that is run', () => {
  const file = join(import.meta.dirname, 'arguments.js');
  const argv = ['scripts/with-node.js', file, '--once', 'x'];
  const { stdout } = spawnSync(process.execPath, argv, { cwd: ROOT, encoding: 'utf8' });
  assert.deepEqual(JSON.parse(stdout), ['--once', 'x']);
});
