import { schemaText } from '@penstock/config-schema';
import { Command } from 'commander';
import { outputFormats, outputOption } from '../output-format.ts';
import type { ConfigContext } from './config-context.ts';

export function schemaCommand({ io, kind, program, defaultFile }: ConfigContext): Command {
  const schemaFile = kind === 'Agent' ? 'agent.v1.json' : 'gateway.v1.json';
  return (
    new Command('schema')
      .description('print the JSON Schema of the configuration file, for editors')
      // The output is always JSON; the option exists for consistency with the other config commands.
      .addOption(outputOption(outputFormats))
      .addHelpText(
        'after',
        `\nExample:\n  $ ${program} config schema > ${schemaFile}\n\nThen start ${defaultFile} with:\n  # yaml-language-server: $schema=./${schemaFile}`,
      )
      .action(() => {
        io.stdout.write(schemaText(kind));
      })
  );
}
