import {
  type AgentConfig,
  type ConfigSource,
  keepLocalPin,
  loadAgentConfig,
  type ParseResult,
} from '@penstock/config-schema';
import { exitCodes, type Io, type OutputFormat, renderProblems, styleFor } from '@penstock/terminal';

export type Loaded = { readonly config: AgentConfig; readonly source: ConfigSource };

/** Loads the configuration in `file`, or prints every problem, sets the exit code and returns undefined. */
export function loadConfig(io: Io, file: string, output: OutputFormat = 'text'): Loaded | undefined {
  return acceptOrRefuse(io, loadAgentConfig(file, io.environment), output);
}

/** Like `loadConfig`, for `run`: rejects any configuration other than the one this host is pinned to. */
export function loadPinnedConfig(io: Io, file: string): ParseResult<AgentConfig> {
  return keepLocalPin(loadAgentConfig(file, io.environment), io.environment);
}

/** Returns a valid configuration, or prints the problems, sets the exit code and returns undefined. */
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

/** The option `--config` of every command. */
export const configOption = ['-c, --config <file>', 'configuration file', './agent.yaml'] as const;
