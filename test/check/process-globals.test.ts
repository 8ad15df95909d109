import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemsOf } from '../../scripts/check/process-globals.ts';

const taken = (source: string) => problemsOf('wire/src/x.ts', source).length;

test('every way of using the environment, arguments and exit code is reported', () => {
  for (const source of [
    'process.exit(1);',
    'const name = process.env["NAME"];',
    'const name = process["env"]["NAME"];',
    'const { env } = process;',
    "import { env } from 'node:process';",
    'process.exitCode = 1;',
  ]) {
    assert.equal(taken(source), 1, source);
  }
});

test('the other members of process are not reported', () => {
  assert.equal(taken('process.hrtime(); process.on("exit", f); other.process.env; // process.env'), 0);
});
