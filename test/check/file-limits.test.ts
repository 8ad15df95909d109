import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { expectNoLeaks } from '../rig/leaks.ts';

const TESTS = join(import.meta.dirname, '..');

/** Runs one test file, in a runner of its own with a limit for it in milliseconds, and returns what both print. */
async function runFile(body: string, limit: number): Promise<string> {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'penstock-limits-'));
  const file = join(directory.path, 'one.test.mjs');
  const runner = join(directory.path, 'run.mjs');
  await writeFile(file, `import { test } from 'node:test';\n${body}`);
  await writeFile(
    runner,
    `import { run } from 'node:test';
    import { limitFiles } from ${JSON.stringify(join(TESTS, 'file-limits.ts'))};
    limitFiles(${limit}, 100);
    const results = run({ files: [${JSON.stringify(file)}] });
    results.on('test:fail', ({ name }) => console.log('failed:', name));
    results.on('test:stderr', ({ message }) => console.log(message));
    results.on('end', () => console.log('over'));
    results.resume();`,
  );
  // Or the runner believes that it is a file of this one.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { promise, resolve } = Promise.withResolvers<string>();
  execFile(process.execPath, [runner], { env }, (_error, stdout, stderr) => resolve(stdout + stderr));
  return await promise;
}

test('a file that its tests leave something open in ends by itself, and says what', async () => {
  await using _leaks = expectNoLeaks();
  const output = await runFile(
    `
    import { endWhenOver } from ${JSON.stringify(join(TESTS, 'rig/end-when-over.ts'))};
    endWhenOver(50);
    test('leaks', () => { setInterval(() => {}, 1_000); });
    `,
    120_000,
  );
  assert.match(output, /left open: Timeout/);
  assert.match(output, /failed: .*one\.test\.mjs/);
  assert.match(output, /^over$/m);
});

for (const [what, body] of [
  ['whose event loop is busy', `test('is busy', () => { for (;;); });`],
  ['that waits for ever', `test('leaks', () => { setInterval(() => {}, 1_000); });`],
  [
    'whose child holds its output open',
    `import { spawn } from 'node:child_process';
    const wait = 'setTimeout(() => {}, 15_000)';
    test('leaks', () => { spawn(process.execPath, ['-e', wait], { stdio: 'inherit', detached: true }).unref(); });`,
  ],
] as const) {
  test(`a file ${what} is ended, failed and named`, async () => {
    await using _leaks = expectNoLeaks();
    const output = await runFile(body, 1_000);
    assert.match(output, /one\.test\.mjs took longer than 1000 ms, and is ended\./);
    assert.match(output, /failed: .*one\.test\.mjs/);
    assert.match(output, /^over$/m);
  });
}
