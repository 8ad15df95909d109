import type { AgentConfig } from './agent-config.ts';
import { fileProblem } from './excerpt.ts';
import type { ParseResult } from './parse.ts';
import type { Environment } from './reference/host.ts';

/** The only configuration that an agent may run with: `12@sha256:…`, as printed by `config digest --output json`. */
export const LOCAL_PIN_VARIABLE = 'PENSTOCK_CONFIG_PIN';

const LOCAL_PIN = /^([1-9][0-9]{0,15})@(sha256:[0-9a-f]{64})$/;

/** Returns `result`, or a problem if this host is pinned to another file. An empty variable pins nothing. */
export function keepLocalPin(
  result: ParseResult<AgentConfig>,
  environment: Environment,
): ParseResult<AgentConfig> {
  const text = environment[LOCAL_PIN_VARIABLE]?.trim() ?? '';
  if (!result.ok || text === '') return result;
  const { file, version, digest } = result.source;
  const refuse = (message: string, suggestion: string) => ({
    ok: false as const,
    problems: [fileProblem('LOCAL_PIN', file, message, suggestion)],
  });
  const [, pinned, pinnedDigest] = LOCAL_PIN.exec(text) ?? [];
  if (pinned === undefined) {
    return refuse(
      `${LOCAL_PIN_VARIABLE} is not a version and a digest.`,
      'Set it to the `pin` printed by `penstock-agent config digest --output json`, or leave it empty.',
    );
  }
  if (Number(pinned) === version && pinnedDigest === digest) return result;
  return refuse(
    `The file is ${version}@${digest}, but ${LOCAL_PIN_VARIABLE} allows only ${pinned}@${pinnedDigest}.`,
    'Restore the pinned file, or set the variable to the new pin.',
  );
}
