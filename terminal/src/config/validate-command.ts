import type { AgentConfig, ConfigProblemCode, GatewayConfig } from '@penstock/config-schema';
import { Command } from 'commander';
import { json, type OutputFormat, outputFormats, outputOption } from '../output-format.ts';
import { styleFor } from '../style.ts';
import { type ConfigContext, checkFile, loadFile, refuse } from './config-context.ts';

type Options = { readonly output: OutputFormat; readonly references: boolean };

/** Problems of the host rather than the file. */
const hostProblems: ReadonlySet<ConfigProblemCode> = new Set([
  'ENVIRONMENT_MISSING',
  'REFERENCED_FILE_MISSING',
  'REFERENCED_FILE_UNREADABLE',
]);

export function validateCommand(context: ConfigContext): Command {
  const { program, defaultFile } = context;
  return new Command('validate')
    .description('check whether `run` accepts a file, and list all problems if it does not')
    .argument('[file]', 'configuration file, or - for standard input', defaultFile)
    .addOption(outputOption(outputFormats))
    .option('--no-references', 'do not resolve ${env:…} and ${file:…}, for example in CI')
    .addHelpText(
      'after',
      `\nExample:\n  $ ${program} config validate --no-references --output github ${defaultFile}`,
    )
    .action((file: string, options: Options) => validate(context, file, options));
}

function missingToken(config: AgentConfig | GatewayConfig): string | undefined {
  return 'connectors' in config ? config.identity.enrollmentTokenMissing : undefined;
}

function validate(context: ConfigContext, file: string, { output, references }: Options): void {
  const { io, program } = context;
  const loaded = references ? loadFile(context, file) : undefined;
  const result = loaded ?? checkFile(context, file);
  if (!result.ok) {
    refuse(context, result.problems, output);
    if (output === 'text' && result.problems.some(({ code }) => hostProblems.has(code))) {
      io.stderr.write(
        `\nTo validate without the environment and files of the host: ${program} config validate --no-references\n`,
      );
    }
    return;
  }
  const { kind, version, digest } = result.source;
  const missing = loaded?.ok === true ? missingToken(loaded.config) : undefined;
  if (missing !== undefined && output !== 'json') {
    io.stderr.write(
      `${missing} It is treated as absent, which is correct for an agent that has already enrolled.\n`,
    );
  }
  if (output === 'json') {
    io.stdout.write(json({ valid: true, file, kind, version, digest }));
    return;
  }
  const { good } = styleFor(io.stdout, io.environment);
  const unresolved = references ? '' : ', references not resolved';
  io.stdout.write(`${file}: ${good('valid')}, version ${version}, ${digest}${unresolved}\n`);
}
