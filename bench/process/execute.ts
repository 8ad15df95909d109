import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { enter, type Place } from './child.ts';

const run = promisify(execFile);

/** Runs a Node program to completion and returns its output. Rejects with its error output if it fails. */
export async function executeNode(
  module: URL,
  parameters: readonly string[],
  place: Place,
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  const [program, ...before] = [...enter(place), process.execPath, module.pathname, ...parameters];
  if (program === undefined) throw new Error('There is no program to run.');
  const { stdout } = await run(program, before, { env: { ...process.env, ...env }, timeout: 30_000 });
  return stdout;
}
