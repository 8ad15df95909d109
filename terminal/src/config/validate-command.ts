import {
  type AgentConfig,
  type ConfigProblemCode,
  checkConfig,
  type GatewayConfig,
  readConfigText,
  readTextInput,
  windowWarnings,
} from '@penstock/config-schema';
import { Command } from 'commander';
import { json, type OutputFormat, outputFormats, outputOption } from '../output-format.ts';
import { styleFor } from '../style.ts';
import { checkAgentFiles } from './agent-files.ts';
import { type ConfigContext, loadText, refuse } from './config-context.ts';

type Options = {
  readonly output: OutputFormat;
  readonly references: boolean;
  /** Only of penstock-gateway. */
  readonly agentFile?: readonly string[];
};

/** Problems of the host rather than the file. */
const hostProblems: ReadonlySet<ConfigProblemCode> = new Set([
  'ENVIRONMENT_MISSING',
  'REFERENCED_FILE_MISSING',
  'REFERENCED_FILE_UNREADABLE',
]);

export function validateCommand(context: ConfigContext): Command {
  const { program, defaultFile, kind } = context;
  const command = new Command('validate')
    .description('check whether `run` accepts a file, and list all problems if it does not')
    .argument('[file]', 'configuration file, or - for standard input', defaultFile)
    .addOption(outputOption(outputFormats))
    .option('--no-references', 'do not resolve ${env:…} and ${file:…}, for example in CI')
    .addHelpText(
      'after',
      `\nExample:\n  $ ${program} config validate --no-references --output github ${defaultFile}${
        kind === 'Gateway' ? `\n  $ ${program} config validate ${defaultFile} --agent-file agents/*.yaml` : ''
      }`,
    )
    .action((file: string, options: Options) => validate(context, file, options));
  if (kind === 'Agent') return command;
  return command.option(
    '--agent-file <file...>',
    'also check the connections against these agent.yaml files: pools, connectors, kinds and alternates',
  );
}

function missingToken(config: AgentConfig | GatewayConfig): string | undefined {
  return 'connectors' in config ? config.identity.enrollmentTokenMissing : undefined;
}

function validate(context: ConfigContext, file: string, options: Options): void {
  const { output, references, agentFile: agentFiles = [] } = options;
  const { io, program, kind: expected } = context;
  const read = readConfigText(file, readTextInput);
  if (!read.ok) {
    refuse(context, read.problems, output);
    return;
  }
  const loaded = references ? loadText(context, file, read.text) : undefined;
  const result = loaded ?? checkConfig(expected, read.text, file);
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
  const targets = checkAgentFiles({ file, text: read.text }, agentFiles);
  if (targets.problems.length > 0) {
    refuse(context, targets.problems, output);
    return;
  }
  if (targets.poolsWithoutFile.length > 0 && output !== 'json') {
    io.stderr.write(
      `No agent file is for the ${targets.poolsWithoutFile.length === 1 ? 'pool' : 'pools'} ${targets.poolsWithoutFile.join(', ')}, so their connectors were not checked.\n`,
    );
  }
  const missing = loaded?.ok === true ? missingToken(loaded.config) : undefined;
  if (missing !== undefined && output !== 'json') {
    io.stderr.write(
      `${missing} It is treated as absent, which is correct for an agent that has already enrolled.\n`,
    );
  }
  if (loaded?.ok === true && 'windows' in loaded.config && output !== 'json') {
    for (const warning of windowWarnings(loaded.config, Date.now())) io.stderr.write(`${warning}\n`);
  }
  if (output === 'json') {
    const { poolsWithoutFile } = targets;
    const checked = agentFiles.length > 0 ? { agentFiles, poolsWithoutFile } : {};
    io.stdout.write(json({ valid: true, file, kind, version, digest, ...checked }));
    return;
  }
  const { good } = styleFor(io.stdout, io.environment);
  const unresolved = references ? '' : ', references not resolved';
  const count = agentFiles.length === 1 ? '1 agent file' : `${agentFiles.length} agent files`;
  const agreeing = agentFiles.length === 0 ? '' : `, and agrees with ${count}`;
  io.stdout.write(`${file}: ${good('valid')}, version ${version}, ${digest}${unresolved}${agreeing}\n`);
}
