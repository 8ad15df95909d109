import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from 'commander';
import { gatewayProgram } from '../../src/cli/program.ts';
import { runCli } from './run-cli.ts';

/** Every command by the words that call it. */
function paths(command: Command, before: readonly string[] = []): string[][] {
  return command.commands.flatMap((each) => {
    const path = [...before, each.name()];
    return [path, ...paths(each, path)];
  });
}

test('every command that does something explains itself, with an example that calls it', async () => {
  const io = {
    stdout: process.stdout,
    stderr: process.stderr,
    environment: {},
    setExitCode: () => undefined,
  };
  const all = paths(gatewayProgram(io, process));
  assert.ok(all.length >= 14, `${all.length} commands`);
  const groups = new Set(all.map((path) => path.slice(0, -1).join(' ')));
  for (const path of all.filter((each) => !groups.has(each.join(' ')))) {
    const { stdout, exitCode } = await runCli([...path, '--help']);
    assert.equal(exitCode, 0);
    const [, examples = ''] = stdout.split(/Examples?:/);
    assert.ok(examples.includes(`penstock-gateway ${path.join(' ')}`), `${path.join(' ')}:\n${stdout}`);
  }
});
