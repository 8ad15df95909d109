import { CommandError, type Io } from '@penstock/terminal';
import type { Step } from '../step.ts';

/** Prints and runs steps, or only prints them. Throws CommandError at the first that fails. */
export function runSteps(
  steps: readonly Step[],
  { io, dryRun, nothing }: { readonly io: Io; readonly dryRun: boolean; readonly nothing: string },
): void {
  if (steps.length === 0) {
    io.stdout.write(`${nothing}\n`);
    return;
  }
  for (const { title, content, run } of steps) {
    io.stdout.write(`${title}\n`);
    if (dryRun) {
      if (content !== undefined) io.stdout.write(`\n${content.replaceAll(/^(?=.)/gm, '    ')}\n`);
      continue;
    }
    try {
      run();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new CommandError(`This step failed: ${title}: ${reason}`, {
        cause,
        suggestion: 'Correct the cause and run the same command again: it goes on with what is missing.',
      });
    }
  }
}
