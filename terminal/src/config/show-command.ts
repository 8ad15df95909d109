import { showConfig, shownConfig } from '@penstock/config-schema';
import { Command } from 'commander';
import { json, type OutputFormat, outputFormats, outputOption } from '../output-format.ts';
import { type ConfigContext, loadFile, refuse } from './config-context.ts';

export function showCommand(context: ConfigContext): Command {
  const { io, program, defaultFile } = context;
  return new Command('show')
    .description(
      'print the effective configuration, with defaults and resolved references; secrets are shown as references',
    )
    .argument('[file]', 'configuration file, or - for standard input', defaultFile)
    .addOption(outputOption(outputFormats))
    .addHelpText('after', `\nExample:\n  $ ${program} config show ${defaultFile}`)
    .action((file: string, { output }: { readonly output: OutputFormat }) => {
      const result = loadFile(context, file);
      if (!result.ok) return refuse(context, result.problems, output);
      const { config } = result;
      io.stdout.write(output === 'json' ? json(shownConfig(config)) : showConfig(config));
    });
}
