import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Command } from 'commander';
import { CommandError } from '../src/command-error.ts';
import { runProgram } from '../src/program.ts';
import { type CapturedIo, capturedIo, type Screen } from './rig/captured-io.ts';

async function failing(error: unknown, screen?: Screen): Promise<CapturedIo> {
  const io = capturedIo(screen);
  const command = new Command('fail').action(() => Promise.reject(error));
  await runProgram(new Command('penstock').addCommand(command), ['fail'], io);
  return io;
}

describe('a command that fails', () => {
  test('prints the message and the suggestion and sets its exit code', async () => {
    const error = new CommandError('The gateway does not answer.', { suggestion: 'Start it.', exitCode: 2 });
    const io = await failing(error);
    assert.equal(io.err(), 'error: The gateway does not answer.\nStart it.\n');
    assert.equal(io.exitCode(), 2);
  });

  test('exits with 1 for an unexpected error and shows the stack only with PENSTOCK_DEBUG', async () => {
    const io = await failing(new TypeError('odd \u{1b}[2J'));
    assert.equal(io.err(), 'error: odd ·[2J\n');
    assert.equal(io.exitCode(), 1);
    const debug = await failing(new TypeError('odd'), { environment: { PENSTOCK_DEBUG: '1' } });
    assert.match(debug.err(), /program\.test\.ts/);
  });

  test('fails with a rejection that is not an Error', async () => {
    const io = await failing('a text');
    assert.equal(io.err(), 'error: a text\n');
    assert.equal(io.exitCode(), 1);
  });
});

test('a successful command sets no exit code', async () => {
  const io = capturedIo();
  await runProgram(
    new Command('penstock').action(() => undefined),
    [],
    io,
  );
  assert.equal(io.exitCode(), undefined);
});

test('an unknown subcommand exits with 64', async () => {
  const io = capturedIo();
  const program = new Command('penstock').addCommand(new Command('a').addCommand(new Command('b')));
  await runProgram(program, ['a', 'c'], io);
  assert.equal(io.exitCode(), 64);
  assert.match(io.err(), /unknown command 'c'/);
});
