import { type ConfigChange, type ConfigSource, diffConfig } from '@penstock/config-schema';
import { Command } from 'commander';
import { exitCodes } from '../exit-code.ts';
import { annotation } from '../github-annotation.ts';
import { json, type OutputFormat, outputFormats, outputOption } from '../output-format.ts';
import { printable } from '../printable.ts';
import { type Style, styleFor } from '../style.ts';
import { type ConfigContext, checkFile, refuse } from './config-context.ts';

type Options = { readonly base: string; readonly output: OutputFormat };

export function diffCommand(context: ConfigContext): Command {
  const { program, defaultFile } = context;
  const name = defaultFile.replace('./', '');
  return new Command('diff')
    .description(
      'compare a file with another revision of it; fails when content changed and `version` did not',
    )
    .argument('[file]', 'the file', defaultFile)
    .requiredOption('--base <file>', 'the revision to compare with, or - for standard input')
    .addOption(outputOption(outputFormats))
    .addHelpText(
      'after',
      `
Exits with 2 when content changed and \`version\` did not, with 0 otherwise.

Example:
  $ git show origin/main:${name} | ${program} config diff --base - ${defaultFile}`,
    )
    .action((file: string, options: Options) => diff(context, file, options));
}

function diff(context: ConfigContext, file: string, { base, output }: Options): void {
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
  return `${changes.map((change) => changeText(change, style)).join('')}${verdict}\n`;
}

function changeText({ path, kind, before, after }: ConfigChange, style: Style): string {
  const place = style.strong(printable(path));
  if (kind === 'added') return `${style.good('+')} ${place}: ${printable(after)}\n`;
  if (kind === 'removed') return `${style.bad('-')} ${place}: ${printable(before)}\n`;
  return `${style.warning('~')} ${place}: ${printable(before)} -> ${printable(after)}\n`;
}
