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
import { validateAgentFile, validateGatewayFile } from './schema/validator.ts';

export type ParseOptions = {
  /** The file's name, for problems; its folder is where relative paths start. */
  readonly file?: string;
  /** Folder where relative paths start, instead of the file's. */
  readonly directory?: string;
  readonly environment: Environment;
  /** The text of a file that a reference names. Throws when there is none, as `readFileSync` does. */
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
  validate: validateAgentFile,
  checkRules: checkAgentFile,
};

const gatewaySpec: FileSpec<GatewayFile> = {
  kind: 'Gateway',
  schema: GatewayFile,
  validate: validateGatewayFile,
  checkRules: checkGatewayFile,
};

/** The text of an agent.yaml as configuration, or every problem it has. Never throws. */
export function parseAgentConfig(text: string, options: ParseOptions): ParseResult<AgentConfig> {
  return parse(text, options, agentSpec, buildAgent);
}

/** The text of a gateway.yaml as configuration, or every problem it has. Never throws. */
export function parseGatewayConfig(text: string, options: ParseOptions): ParseResult<GatewayConfig> {
  return parse(text, options, gatewaySpec, buildGateway);
}

/**
 * Checks a file without its references, where neither the environment nor the files of its host are at hand, as
 * in CI. Everything else is checked as `parse…Config` does; values that references give are taken for right.
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
