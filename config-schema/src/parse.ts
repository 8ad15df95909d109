import { dirname, resolve } from 'node:path';
import type { AgentConfig } from './agent-config.ts';
import { buildAgent } from './build/build-agent.ts';
import { buildGateway } from './build/build-gateway.ts';
import type { BuildContext } from './build/field-value.ts';
import { checkFile, type FileSpec } from './check-file.ts';
import type { ConfigSource, FileKind } from './config-source.ts';
import type { GatewayConfig } from './gateway-config.ts';
import type { ConfigProblem } from './problem.ts';
import type { Environment, ReferenceHost } from './reference/host.ts';
import { checkAgentFile, checkGatewayFile } from './rule/file-rules.ts';
import { AgentFile } from './schema/agent-file.ts';
import { GatewayFile } from './schema/gateway-file.ts';
import { agentFileValidator, gatewayFileValidator } from './schema/validator.ts';

export type ParseOptions = {
  /** The file's name, for problems; relative paths are resolved against its directory. */
  readonly file?: string;
  /** Directory for relative paths, instead of the file's. */
  readonly directory?: string;
  readonly environment: Environment;
  /** Returns the text of a referenced file. Throws if it cannot be read, like `readFileSync`. */
  readonly readFile: (path: string) => string;
};

export type ParseResult<Config> =
  | { readonly ok: true; readonly config: Config; readonly source: ConfigSource }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

export type CheckResult =
  | { readonly ok: true; readonly source: ConfigSource }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

const agentSpec: FileSpec<AgentFile> = {
  kind: 'Agent',
  schema: AgentFile,
  validator: agentFileValidator,
  checkRules: checkAgentFile,
};

const gatewaySpec: FileSpec<GatewayFile> = {
  kind: 'Gateway',
  schema: GatewayFile,
  validator: gatewayFileValidator,
  checkRules: checkGatewayFile,
};

/** Parses the text of an agent.yaml. Returns the configuration or all problems. Never throws. */
export function parseAgentConfig(text: string, options: ParseOptions): ParseResult<AgentConfig> {
  return parse(text, options, agentSpec, buildAgent);
}

/** Parses the text of a gateway.yaml. Returns the configuration or all problems. Never throws. */
export function parseGatewayConfig(text: string, options: ParseOptions): ParseResult<GatewayConfig> {
  return parse(text, options, gatewaySpec, buildGateway);
}

/**
 * Checks a file without resolving its references, for places such as CI that have neither the environment nor the
 * files of its host. Everything else is checked as `parse…Config` does; the values of references are assumed valid.
 */
export function checkConfig(kind: FileKind, text: string, file?: string): CheckResult {
  const checked =
    kind === 'Agent'
      ? checkFile(text, file, agentSpec, undefined)
      : checkFile(text, file, gatewaySpec, undefined);
  return checked.ok ? { ok: true, source: checked.source } : checked;
}

function parse<File, Config>(
  text: string,
  options: ParseOptions,
  spec: FileSpec<File>,
  build: (file: File, context: BuildContext) => Config,
): ParseResult<Config> {
  const { file, environment, readFile } = options;
  const directory = options.directory ?? (file === undefined ? undefined : dirname(resolve(file)));
  const host: ReferenceHost = { environment, readFile, directory };
  const checked = checkFile(text, file, spec, host);
  if (!checked.ok) return checked;
  if (checked.file === undefined) throw new TypeError('A file without problems was not valid.');
  return { ok: true, config: build(checked.file, checked.context), source: checked.source };
}
