import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { configCommand } from '../src/config/config-command.ts';
import { exitCodes } from '../src/exit-code.ts';
import { capturedIo } from './rig/captured-io.ts';

const document = readFileSync(join(import.meta.dirname, '../../docs/configuration.md'), 'utf8');

/** First cells of the table with this head. */
function firstCells(head: string): string[] {
  const [, rest = ''] = document.split(`${head}\n`);
  const [table = ''] = rest.split('\n\n');
  return table
    .split('\n')
    .slice(1)
    .map((row) => row.split(' | ')[0]?.slice(2) ?? '');
}

test('docs/configuration.md lists exactly the config commands', () => {
  const { commands } = configCommand({ kind: 'Agent', io: capturedIo() });
  assert.deepEqual(
    [...new Set(firstCells('| command | does |').map((cell) => /^`config (\w+)/.exec(cell)?.[1]))],
    commands.map((command) => command.name()),
  );
});

test('docs/configuration.md lists exactly the exit codes of config commands', () => {
  assert.deepEqual(
    firstCells('| exit code | meaning |'),
    [exitCodes.ok, exitCodes.failed, exitCodes.different, exitCodes.usage].map(String),
  );
});
