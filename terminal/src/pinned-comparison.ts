import type { ConfigChange } from '@penstock/config-schema';
import { CommandError } from './command-error.ts';
import { renderChanges } from './config-changes.ts';
import { exitCodes } from './exit-code.ts';
import type { Io } from './io.ts';
import { json, type OutputFormat } from './output-format.ts';
import { styleFor } from './style.ts';

/** The configuration an agent runs and its pinned version. */
export type PinnedComparison = {
  readonly version: number;
  readonly digest: string;
  readonly pinned?:
    | {
        readonly version: number;
        readonly digest: string;
        /** Undefined if the pinned version was never published. */
        readonly changes?: readonly ConfigChange[] | undefined;
      }
    | undefined;
};

/** Prints how `agent` differs from its pin and sets the exit code. Throws CommandError if nothing is pinned. */
export function printPinnedComparison(
  agent: string,
  { version, digest, pinned }: PinnedComparison,
  output: OutputFormat,
  io: Io,
): void {
  if (pinned === undefined) {
    throw new CommandError(`${agent} has no pin. It runs version ${version}, ${digest}.`, {
      suggestion: 'Pin a version: penstock-gateway config pin POOL VERSION',
    });
  }
  const isSame = pinned.digest === digest;
  if (!isSame) io.setExitCode(exitCodes.different);
  if (output === 'json') {
    io.stdout.write(json({ version, digest, pinned }));
    return;
  }
  if (isSame) {
    io.stdout.write(`${agent} runs the pinned version ${version}, ${digest}.\n`);
    return;
  }
  io.stdout.write(
    `${agent} runs version ${version}, ${digest}.\nThe pinned version is ${pinned.version}, ${pinned.digest}.\n`,
  );
  if (pinned.changes === undefined) {
    io.stdout.write('The pinned version was never published, so the changes are unknown.\n');
  } else {
    io.stdout.write(renderChanges(pinned.changes, styleFor(io.stdout, io.environment)));
  }
}
