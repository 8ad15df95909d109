import { type AgentConfig, type ConfigSource, loadAgentConfig } from '@penstock/config-schema';
import { exitCodes, type Io, type OutputFormat, renderProblems, styleFor } from '@penstock/terminal';

export type Loaded = { readonly config: AgentConfig; readonly source: ConfigSource };

/** The configuration in `file`; otherwise prints every problem, sets the exit code, and gives undefined. */
export function loadConfig(io: Io, file: string, output: OutputFormat = 'text'): Loaded | undefined {
  const result = loadAgentConfig(file, io.environment);
  if (result.ok) return result;
  const writer = output === 'text' ? io.stderr : io.stdout;
  writer.write(renderProblems(result.problems, output, styleFor(writer, io.environment)));
  io.setExitCode(exitCodes.failed);
  return undefined;
}

/** `--config`, as every command of the agent takes it. */
export const configOption = ['-c, --config <file>', 'the configuration file', './agent.yaml'] as const;
