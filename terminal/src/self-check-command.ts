import { isSingleExecutable } from '@penstock/runtime';
import { Command } from 'commander';
import { CommandError } from './command-error.ts';
import type { Io } from './io.ts';
import { json, type OutputFormat, outputOption } from './output-format.ts';

export type SelfCheck = {
  readonly version: string;
  /** Of the build: see BuildFacts in the package release. */
  readonly build: {
    readonly commit: string | undefined;
    readonly date: string | undefined;
    readonly sequence: number;
    readonly rootKeys: readonly string[];
  };
  /** What the program needs of its own files and of this host, by a name that follows "The check of". */
  readonly checks: Readonly<Record<string, () => void | Promise<void>>>;
};

/**
 * `self-check`: exits with 0 if this executable is whole and runs on this host, and prints its version, which an updater
 * compares before it switches. Needs no configuration, opens no port, and leaves nothing behind.
 */
export function selfCheckCommand(io: Io, { version, build, checks }: SelfCheck): Command {
  return new Command('self-check')
    .description('check that this program is complete and can run on this host, and print its version')
    .addOption(outputOption(['text', 'json']))
    .addHelpText(
      'after',
      ({ command }) => `\nExample:\n  $ ${command.parent?.name()} self-check --output json`,
    )
    .action(async ({ output }: { output: OutputFormat }, command: Command) => {
      for (const [name, check] of Object.entries(checks)) {
        try {
          await check();
        } catch (cause) {
          throw new CommandError(
            `The check of ${name} failed: ${cause instanceof Error ? cause.message : cause}`,
            {
              cause,
              suggestion: 'Install the program again, and check that it is built for this host.',
            },
          );
        }
      }
      const facts = {
        program: command.parent?.name(),
        version,
        commit: build.commit,
        date: build.date,
        sequence: build.sequence,
        rootKeys: build.rootKeys.length,
        node: process.versions.node,
        os: process.platform,
        arch: process.arch,
        executable: isSingleExecutable(),
        checks: Object.keys(checks),
      };
      io.stdout.write(output === 'json' ? json(facts) : `${version}\n`);
    });
}
