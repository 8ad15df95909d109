import { Command } from 'commander';
import { json, type OutputFormat, outputFormats, outputOption } from '../output-format.ts';
import { type ConfigContext, checkFile, refuse } from './config-context.ts';

export function digestCommand(context: ConfigContext): Command {
  const { io, program, defaultFile } = context;
  return new Command('digest')
    .description(
      'print the digest that pins compare: of the content, before references, on every host the same',
    )
    .argument('[file]', 'the file, or - for standard input', defaultFile)
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
