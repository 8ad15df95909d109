import type { Io } from '@penstock/terminal';
import { Command } from 'commander';
import { apiFromEnvironment } from './api/api-from-environment.ts';
import { isNoun, namesOf } from './api/names.ts';

/** A shell that completes a word must not wait longer. */
const TIMEOUT_MS = 1_000;

/** Shells expand what they are given, so a name with any other character is not offered. */
const PLAIN = /^[\w.-]{1,64}$/;

/**
 * `completion-names`: the names or IDs of a listing, one per line, for completion scripts. Prints nothing if there is no token or no
 * answer within a second.
 */
export function completionNamesCommand(io: Io): Command {
  return new Command('completion-names')
    .description('print the names that completion scripts offer')
    .argument('<listing>', 'listing of the API, such as agents')
    .action(async (listing: string) => {
      const quiet = { write: () => undefined };
      try {
        if (!isNoun(listing)) return;
        const api = apiFromEnvironment({ ...io, stderr: quiet }, { timeoutMs: TIMEOUT_MS });
        const names = (await namesOf(api, listing)).filter((name) => PLAIN.test(name));
        io.stdout.write(names.map((name) => `${name}\n`).join(''));
      } catch {
        // An error message would appear in the middle of the command line.
      }
    });
}
