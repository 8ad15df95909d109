import { type ConfigChange, type ConfigSource, diffConfig } from '@penstock/config-schema';
import { Command } from 'commander';
import { CommandError } from '../command-error.ts';
import { renderChanges } from '../config-changes.ts';
import { exitCodes } from '../exit-code.ts';
import { annotation } from '../github-annotation.ts';
import { json, type OutputFormat, outputFormats, outputOption } from '../output-format.ts';
import { type Style, styleFor } from '../style.ts';
import { type ConfigContext, checkFile, refuse } from './config-context.ts';

type Options = { readonly base?: string; readonly pinned?: boolean; readonly output: OutputFormat };

export function diffCommand(context: ConfigContext): Command {
  const { program, defaultFile, comparePinned } = context;
  const name = defaultFile.replace('./', '');
  const command = new Command('diff')
    .description(
      'compare a file with another revision of it; fails when content changed and `version` did not',
    )
    .argument('[file]', 'the file', defaultFile)
    .option('--base <file>', 'the revision to compare with, or - for standard input')
    .addOption(outputOption(outputFormats));
  if (comparePinned !== undefined) {
    command.option('--pinned', 'compare what runs on this host with the version that the gateway has pinned');
  }
  return command
    .addHelpText(
      'after',
      `
Exits with 2 when content changed and \`version\` did not, with 0 otherwise.${
        comparePinned === undefined ? '' : ' With --pinned: 2 when it differs.'
      }

Example:
  $ git show origin/main:${name} | ${program} config diff --base - ${defaultFile}${
    comparePinned === undefined ? '' : `\n  $ ${program} config diff --pinned ${defaultFile}`
  }`,
    )
    .action(async (file: string, { base, pinned, output }: Options) => {
      if (pinned === true && base === undefined) await comparePinned?.(file, output);
      else if (base !== undefined && pinned !== true) diff(context, file, base, output);
      else
        throw new CommandError(whatToCompareWith(comparePinned !== undefined), { exitCode: exitCodes.usage });
    });
}

const whatToCompareWith = (pinned: boolean) =>
  pinned
    ? 'Say what to compare with: either --base FILE or --pinned.'
    : 'Say what to compare with: --base FILE.';

function diff(context: ConfigContext, file: string, base: string, output: OutputFormat): void {
  const { io } = context;
  const before = checkFile(context, base);
  const after = checkFile(context, file);
  if (!before.ok || !after.ok) {
    const problems = [before, after].flatMap((result) => (result.ok ? [] : result.problems));
    refuse(context, problems, output);
    return;
  }
  const difference: Difference = {
    file,
    before: before.source,
    after: after.source,
    changes: diffConfig(before.source.content, after.source.content),
  };
  io.stdout.write(render(difference, output, styleFor(io.stdout, io.environment)));
  io.setExitCode(isForgotten(difference) ? exitCodes.different : exitCodes.ok);
}

type Difference = {
  readonly file: string;
  readonly before: ConfigSource;
  readonly after: ConfigSource;
  readonly changes: readonly ConfigChange[];
};

/** The content changed, and whoever did it forgot the version. */
function isForgotten({ before, after }: Difference): boolean {
  return before.digest !== after.digest && before.version === after.version;
}

function render(difference: Difference, output: OutputFormat, style: Style): string {
  const { file, before, after, changes } = difference;
  const forgotten = `The content changed and \`version\` is still ${after.version}: raise it.`;
  if (output === 'json') {
    const brief = ({ version, digest }: ConfigSource) => ({ version, digest });
    const versionForgotten = isForgotten(difference);
    return json({ file, versionForgotten, before: brief(before), after: brief(after), changes });
  }
  if (output === 'github') {
    const place = { file, line: after.versionLine, title: 'VERSION_UNCHANGED' };
    return isForgotten(difference) ? annotation('error', forgotten, place) : '';
  }
  if (changes.length === 0) return `No difference in content: version ${after.version}, ${after.digest}\n`;
  const verdict = isForgotten(difference)
    ? style.bad(forgotten)
    : `Version ${before.version} became ${after.version}.`;
  return `${renderChanges(changes, style)}${verdict}\n`;
}
