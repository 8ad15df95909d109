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
    .description('compare a file with another revision; fails unless a change also increases `version`')
    .argument('[file]', 'file to compare', defaultFile)
    .option('--base <file>', 'revision to compare with, or - for standard input')
    .addOption(outputOption(outputFormats));
  if (comparePinned !== undefined) {
    command.option(
      '--pinned',
      'compare the configuration the agent runs with the version pinned on the gateway',
    );
  }
  return command
    .addHelpText(
      'after',
      `
Exit code: 2 if the content changed but \`version\` did not, or went down; 0 otherwise.${
        comparePinned === undefined ? '' : ' With --pinned: 2 if they differ.'
      }

Example:
  $ git show origin/main:${name} | ${program} config diff --base - ${defaultFile}${
    comparePinned === undefined ? '' : `\n  $ ${program} config diff --pinned ${defaultFile}`
  }`,
    )
    .action(async (file: string, { base, pinned, output }: Options) => {
      if (pinned === true && base === undefined) await comparePinned?.(file, output);
      else if (base !== undefined && pinned !== true) diff(context, file, base, output);
      else throw new CommandError(missingBase(comparePinned !== undefined), { exitCode: exitCodes.usage });
    });
}

const missingBase = (pinned: boolean) =>
  pinned ? 'Specify either --base FILE or --pinned.' : 'Specify --base FILE.';

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
  io.setExitCode(versionMistake(difference) === undefined ? exitCodes.ok : exitCodes.different);
}

type Difference = {
  readonly file: string;
  readonly before: ConfigSource;
  readonly after: ConfigSource;
  readonly changes: readonly ConfigChange[];
};

/** The content changed, but the version did not. */
function isVersionUnchanged({ before, after }: Difference): boolean {
  return before.digest !== after.digest && before.version === after.version;
}

/** The content changed, and the version is lower: agents that run the higher one would take it for drift. */
function isVersionLowered({ before, after }: Difference): boolean {
  return after.version < before.version;
}

/** What is wrong with the version, as a title and a message. */
function versionMistake(
  difference: Difference,
): { readonly title: string; readonly message: string } | undefined {
  const { before, after } = difference;
  if (isVersionUnchanged(difference)) {
    return {
      title: 'VERSION_UNCHANGED',
      message: `The content changed but \`version\` is still ${after.version}. Increase it.`,
    };
  }
  if (!isVersionLowered(difference)) return undefined;
  return {
    title: 'VERSION_LOWERED',
    message: `\`version\` went down from ${before.version} to ${after.version}. Use a version above ${before.version}.`,
  };
}

function render(difference: Difference, output: OutputFormat, style: Style): string {
  const { file, before, after, changes } = difference;
  const mistake = versionMistake(difference);
  if (output === 'json') {
    const brief = ({ version, digest }: ConfigSource) => ({ version, digest });
    const versionUnchanged = isVersionUnchanged(difference);
    const versionLowered = isVersionLowered(difference);
    return json({
      file,
      versionUnchanged,
      versionLowered,
      before: brief(before),
      after: brief(after),
      changes,
    });
  }
  if (output === 'github') {
    if (mistake === undefined) return '';
    return annotation('error', mistake.message, { file, line: after.versionLine, title: mistake.title });
  }
  if (changes.length === 0) return `The content is identical: version ${after.version}, ${after.digest}\n`;
  const verdict =
    mistake !== undefined
      ? style.bad(mistake.message)
      : `The version changed from ${before.version} to ${after.version}.`;
  return `${renderChanges(changes, style)}${verdict}\n`;
}
