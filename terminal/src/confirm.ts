import { createInterface } from 'node:readline/promises';
import { CommandError } from './command-error.ts';
import type { Io } from './io.ts';
import { printable } from './printable.ts';
import { styleFor } from './style.ts';

export type Confirmation = {
  /** What would happen, as complete lines. */
  readonly consequence: string;
  /** Ends with a question mark. */
  readonly question: string;
  /** `--yes` was given: the consequence is printed, and nothing is asked. */
  readonly yes: boolean;
};

/** The option `--yes` of commands that ask. */
export const yesOption = ['-y, --yes', 'do not ask for confirmation', false] as const;

/**
 * Resolves when the user confirms. Throws CommandError if they do not, or if there is no terminal to ask on: a script
 * must pass `--yes`.
 */
export async function confirm(io: Io, { consequence, question, yes }: Confirmation): Promise<void> {
  const { warning } = styleFor(io.stderr, io.environment);
  io.stderr.write(`${warning('warning:')} ${printable(consequence)}\n`);
  if (yes) return;
  const { stdin } = io;
  if (stdin?.isTTY !== true || io.stderr.isTTY !== true) {
    throw new CommandError(
      'This needs a confirmation, and there is no terminal to ask on. Nothing was changed.',
      {
        suggestion: 'Repeat the command with --yes if that is what you want.',
      },
    );
  }
  io.stderr.write(`${question} [y/N] `);
  const reader = createInterface({ input: stdin });
  try {
    const answer = await new Promise<string>((resolve) => {
      reader.once('line', resolve);
      reader.once('close', () => resolve(''));
    });
    if (!/^\s*y(?:es)?\s*$/i.test(answer)) throw new CommandError('Nothing was changed.');
  } finally {
    reader.close();
  }
}
