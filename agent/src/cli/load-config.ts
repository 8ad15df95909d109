import {
  type AgentConfig,
  type ConfigSource,
  keepLocalPin,
  loadAgentConfig,
  type ParseResult,
} from '@penstock/config-schema';
import { exitCodes, type Io, type OutputFormat, renderProblems, styleFor } from '@penstock/terminal';

export type Loaded = { readonly config: AgentConfig; readonly source: ConfigSource };

/** The configuration in `file`; otherwise prints every problem, sets the exit code, and gives undefined. */
export function loadConfig(io: Io, file: string, output: OutputFormat = 'text'): Loaded | undefined {
  return acceptOrRefuse(io, loadAgentConfig(file, io.environment), output);
}

/** The same for `run`, which takes no other file than the one this host is pinned to. */
export function loadPinnedConfig(io: Io, file: string): ParseResult<AgentConfig> {
  return keepLocalPin(loadAgentConfig(file, io.environment), io.environment);
}

/** Prints the problems of a file that cannot be taken, and sets the exit code. */
export function acceptOrRefuse(
  io: Io,
  result: ParseResult<AgentConfig>,
  output: OutputFormat = 'text',
): Loaded | undefined {
  if (result.ok) return result;
  const writer = output === 'text' ? io.stderr : io.stdout;
  writer.write(renderProblems(result.problems, output, styleFor(writer, io.environment)));
  io.setExitCode(exitCodes.failed);
  return undefined;
}

/** `--config`, as every command of the agent takes it. */
export const configOption = ['-c, --config <file>', 'configuration file', './agent.yaml'] as const;
