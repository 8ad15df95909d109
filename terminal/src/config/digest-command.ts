import { Command } from 'commander';
import { json, type OutputFormat, outputFormats, outputOption } from '../output-format.ts';
import { type ConfigContext, checkFile, refuse } from './config-context.ts';

export function digestCommand(context: ConfigContext): Command {
  const { io, program, defaultFile } = context;
  return new Command('digest')
    .description(
      'print the digest that pins refer to; references are not resolved, so it is the same on every host',
    )
    .argument('[file]', 'configuration file, or - for standard input', defaultFile)
    .addOption(outputOption(outputFormats))
    .addHelpText('after', `\nExample:\n  $ ${program} config digest ${defaultFile}`)
    .action((file: string, { output }: { readonly output: OutputFormat }) => {
      const result = checkFile(context, file);
      if (!result.ok) return refuse(context, result.problems, output);
      const { version, digest } = result.source;
      io.stdout.write(
        output === 'json' ? json({ file, version, digest, pin: `${version}@${digest}` }) : `${digest}\n`,
      );
    });
}
