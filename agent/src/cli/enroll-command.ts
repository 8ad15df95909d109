import {
  CommandError,
  type Io,
  json,
  type OutputFormat,
  outputOption,
  trustHostAuthorities,
} from '@penstock/terminal';
import { ProblemError, problemCodes } from '@penstock/wire';
import { Command } from 'commander';
import type { AgentCredentials } from '../identity/agent-credentials.ts';
import { enroll, foreignAgent, isSameAgent } from '../identity/enroll.ts';
import { openKeyStore } from '../identity/key-store.ts';
import { lockIdentity } from '../identity/lock-identity.ts';
import { plainRequest } from '../tunnel/plain-request.ts';
import { configOption, loadConfig } from './load-config.ts';

type Options = { readonly config: string; readonly output: OutputFormat; readonly again: boolean };

/** `enroll`: enrolls the agent without starting it. */
export function enrollCommand(io: Io): Command {
  return new Command('enroll')
    .description(
      'create a key and have the gateway issue a certificate; "run" does this too if there is no identity',
    )
    .option(...configOption)
    .option('--again', 'enroll even if this agent has an identity already', false)
    .addOption(outputOption(['text', 'json']))
    .addHelpText(
      'after',
      '\nThe token is read from identity.enrollmentToken in the file, by ${env:…} or ${file:…}, because arguments are ' +
        'visible to all users of this host.\n\nExample:\n  $ penstock-agent enroll --config agent.yaml',
    )
    .action((options: Options) => run(io, options));
}

async function run(io: Io, { config: file, output, again }: Options): Promise<void> {
  const loaded = loadConfig(io, file, output);
  if (loaded === undefined) return;
  const { name, pool, gateway, identity } = loaded.config;
  const keyStore = await openKeyStore(identity.directory);
  const current = await keyStore.current();
  if (current !== undefined && !isSameAgent(current, { name, pool })) {
    throw foreignAgent(current, { name, pool });
  }
  if (current !== undefined && !again) {
    print(io, output, current, 'already has an identity; use --again to enroll again');
    return;
  }
  const token = identity.enrollmentToken;
  if (token === undefined) {
    throw new CommandError(
      identity.enrollmentTokenMissing ?? 'The configuration has no identity.enrollmentToken.',
      {
        suggestion:
          `Create a token with "penstock-gateway token create --pool ${pool}", and refer to it as identity.enrollmentToken ` +
          'by ${env:NAME} or ${file:/path}.',
      },
    );
  }
  // A running agent would overwrite the new key, or be overwritten.
  using _lock = await lockIdentity(identity.directory, (reason) => io.stderr.write(`${reason}\n`));
  await trustHostAuthorities(io.environment);
  const dial = { identity: undefined, environment: io.environment, signal: new AbortController().signal };
  try {
    const issued = await enroll(
      (path, body) => plainRequest(gateway, dial, { method: 'POST', path, body }),
      { token, name, pool },
      keyStore,
    );
    print(io, output, issued, 'has enrolled');
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    throw new CommandError(`The gateway refused the enrollment: ${error.message} (${error.code})`, {
      cause: error,
      suggestion: problemCodes[error.code].advice,
    });
  }
}

function print(io: Io, output: OutputFormat, identity: AgentCredentials, what: string): void {
  const { name, pool, agentId, notAfter } = identity;
  const until = new Date(notAfter).toISOString();
  if (output === 'json') io.stdout.write(json({ name, pool, agentId, notAfter: until }));
  else
    io.stdout.write(
      `${name} of pool ${pool} ${what}.\nIts id is ${agentId}, and its certificate is valid until ${until}.\n`,
    );
}
