import { ConsoleCode } from '@penstock/api-schema';
import { type Io, json, type OutputFormat, outputOption, styleFor } from '@penstock/terminal';
import { Command } from 'commander';
import { adminUrl, apiFromEnvironment } from '../api/api-from-environment.ts';

/** `console`: a link that signs in to the web console, so that nobody pastes an admin token. */
export function consoleCommand(io: Io): Command {
  return new Command('console')
    .description('print a link that signs in to the web console once, within a minute')
    .addOption(outputOption(['text', 'json']))
    .addHelpText(
      'after',
      '\nThe session has the role of PENSTOCK_TOKEN. Anyone who opens the link first has it: open it at once.\n' +
        '\nExample:\n  $ penstock-gateway console',
    )
    .action(({ output }: { readonly output: OutputFormat }) => print(io, output));
}

async function print(io: Io, output: OutputFormat): Promise<void> {
  const { code, expiresAt, url, path } = await apiFromEnvironment(io).ask(
    ConsoleCode,
    'POST',
    'console-codes',
  );
  const link = url ?? new URL(path, adminUrl(io)).href;
  if (output === 'json') {
    io.stdout.write(json({ url: link, code, expiresAt }));
    return;
  }
  io.stdout.write(`${link}\n`);
  const { faint } = styleFor(io.stderr, io.environment);
  io.stderr.write(faint('It signs in once, within a minute.\n'));
}
