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

/** `file` says which agent of this host. Prints the comparison, and sets the exit code. */
export type ComparePinned = (file: string, output: OutputFormat) => Promise<void>;

/** What the config commands share. */
export type ConfigContext = {
  readonly kind: FileKind;
  readonly io: Io;
  readonly program: string;
  readonly defaultFile: string;
  /** Compares what runs on this host with the pinned version; the agent's alone. */
  readonly comparePinned?: ComparePinned | undefined;
};

/** The file as `run` would read it; `-` is standard input. */
export function loadFile(
  { kind, io }: ConfigContext,
  file: string,
): ParseResult<AgentConfig | GatewayConfig> {
  const read = readConfigText(file, readTextInput);
  if (!read.ok) return read;
  const options = { file, environment: io.environment, readFile: readTextFile };
  return kind === 'Agent' ? parseAgentConfig(read.text, options) : parseGatewayConfig(read.text, options);
}

/** The file without its references. */
export function checkFile({ kind }: ConfigContext, file: string): CheckResult {
  const read = readConfigText(file, readTextInput);
  return read.ok ? checkConfig(kind, read.text, file) : read;
}

/** Prints problems and says by the exit code that there are any. JSON is a result, and goes where results go. */
export function refuse(
  { io }: ConfigContext,
  problems: readonly ConfigProblem[],
  format: OutputFormat,
): void {
  const writer = format === 'text' ? io.stderr : io.stdout;
  writer.write(renderProblems(problems, format, styleFor(writer, io.environment)));
  io.setExitCode(exitCodes.failed);
}
