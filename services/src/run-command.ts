import { spawnSync } from 'node:child_process';

export type CommandResult = {
  /** Exit code; undefined if the program could not be started or was killed. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
};

/** Runs a program of the host and waits for it. Never throws. */
export type RunCommand = (
  argv: readonly string[],
  /** All variables of the program; those of this process if omitted. */
  environment?: Readonly<Record<string, string | undefined>>,
) => CommandResult;

const TIMEOUT_MS = 120_000;

export const runOnHost: RunCommand = ([program = '', ...words], environment) => {
  const { status, stdout, stderr, error } = spawnSync(program, words, {
    encoding: 'utf8',
    ...(environment !== undefined && { env: environment }),
    timeout: TIMEOUT_MS,
    maxBuffer: 8 * 1024 * 1024,
  });
  return { status: status ?? undefined, stdout: stdout ?? '', stderr: stderr || (error?.message ?? '') };
};
