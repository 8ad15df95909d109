import type { AgentConfig } from './agent-config.ts';
import { fileProblem } from './excerpt.ts';
import type { GatewayConfig } from './gateway-config.ts';
import { type ParseOptions, type ParseResult, parseAgentConfig, parseGatewayConfig } from './parse.ts';
import type { ConfigProblem } from './problem.ts';
import type { Environment } from './reference/host.ts';
import { readFailure, readFailureWords, readTextFile } from './reference/read-text-file.ts';

/** Reads agent.yaml and the files it refers to. A file that cannot be read is reported as a problem. */
export function loadAgentConfig(path: string, environment: Environment): ParseResult<AgentConfig> {
  return load(path, environment, parseAgentConfig);
}

/** Reads gateway.yaml and the files it refers to. A file that cannot be read is reported as a problem. */
export function loadGatewayConfig(path: string, environment: Environment): ParseResult<GatewayConfig> {
  return load(path, environment, parseGatewayConfig);
}

export type ConfigText =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

/** Reads the text of a configuration file. `read` determines what may be read: only files, or pipes as well. */
export function readConfigText(path: string, read: (path: string) => string = readTextFile): ConfigText {
  try {
    return { ok: true, text: read(path) };
  } catch (error) {
    const code = readFailure(error) === 'too-large' ? 'FILE_TOO_LARGE' : 'FILE_UNREADABLE';
    const { predicate, advice = 'Check the path.' } = readFailureWords(path, error);
    const message = `The configuration file ${path} ${predicate}.`;
    return { ok: false, problems: [fileProblem(code, path, message, advice)] };
  }
}

function load<Config>(
  path: string,
  environment: Environment,
  parse: (text: string, options: ParseOptions) => ParseResult<Config>,
): ParseResult<Config> {
  const read = readConfigText(path);
  return read.ok ? parse(read.text, { file: path, environment, readFile: readTextFile }) : read;
}
