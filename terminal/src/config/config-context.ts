import {
  type AgentConfig,
  type CheckResult,
  type ConfigProblem,
  checkConfig,
  type FileKind,
  type GatewayConfig,
  type ParseResult,
  parseAgentConfig,
  parseGatewayConfig,
  readConfigText,
  readTextFile,
  readTextInput,
} from '@penstock/config-schema';
import { exitCodes } from '../exit-code.ts';
import type { Io } from '../io.ts';
import type { OutputFormat } from '../output-format.ts';
import { renderProblems } from '../problems.ts';
import { styleFor } from '../style.ts';

/** Prints the comparison for the agent that `file` configures, and sets the exit code. */
export type ComparePinned = (file: string, output: OutputFormat) => Promise<void>;

/** Common to all config commands. */
export type ConfigContext = {
  readonly kind: FileKind;
  readonly io: Io;
  readonly program: string;
  readonly defaultFile: string;
  /** Compares the running configuration with the pinned version. penstock-agent only. */
  readonly comparePinned?: ComparePinned | undefined;
};

/** Reads a file as `run` does; `-` is standard input. */
export function loadFile(context: ConfigContext, file: string): ParseResult<AgentConfig | GatewayConfig> {
  const read = readConfigText(file, readTextInput);
  return read.ok ? loadText(context, file, read.text) : read;
}

/** The same for the text of a file. */
export function loadText(
  { kind, io }: ConfigContext,
  file: string,
  text: string,
): ParseResult<AgentConfig | GatewayConfig> {
  const options = { file, environment: io.environment, readFile: readTextFile };
  return kind === 'Agent' ? parseAgentConfig(text, options) : parseGatewayConfig(text, options);
}

/** Reads a file without resolving its references. */
export function checkFile({ kind }: ConfigContext, file: string): CheckResult {
  const read = readConfigText(file, readTextInput);
  return read.ok ? checkConfig(kind, read.text, file) : read;
}

/** Prints problems and sets the exit code. JSON is written to stdout like other results, text to stderr. */
export function refuse(
  { io }: ConfigContext,
  problems: readonly ConfigProblem[],
  format: OutputFormat,
): void {
  const writer = format === 'text' ? io.stderr : io.stdout;
  writer.write(renderProblems(problems, format, styleFor(writer, io.environment)));
  io.setExitCode(exitCodes.failed);
}
