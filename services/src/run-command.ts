import { spawnSync } from 'node:child_process';

export type CommandResult = {
  /** Exit code; undefined if the program could not be started or was killed. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
};

/** Runs a program of the host and waits for it. Never throws. */
export type RunCommand = (argv: readonly string[]) => CommandResult;

const TIMEOUT_MS = 120_000;

export const runOnHost: RunCommand = ([program = '', ...words]) => {
  const { status, stdout, stderr, error } = spawnSync(program, words, {
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    maxBuffer: 8 * 1024 * 1024,
  });
  return { status: status ?? undefined, stdout: stdout ?? '', stderr: stderr || (error?.message ?? '') };
};
