import { RevokedAgent } from '@penstock/api-schema';
import { type Io, json, type OutputFormat, outputOption, yesOption } from '@penstock/terminal';
import { Command } from 'commander';
import { apiFromEnvironment } from '../api/api-from-environment.ts';
import { confirmCapacity } from './capacity-check.ts';

type Options = { readonly output: OutputFormat; readonly yes: boolean };

/** `agent revoke`: revokes the identity of an agent permanently. */
export function agentRevokeCommand(io: Io): Command {
  return new Command('revoke')
    .description("revoke an agent's identity permanently, close its sessions and release its name")
    .argument('<name>', 'name of the agent')
    .option(...yesOption)
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway agent revoke orders-1')
    .action((name: string, options: Options) => revoke(io, name, options));
}

async function revoke(io: Io, name: string, { output, yes }: Options): Promise<void> {
  const api = apiFromEnvironment(io);
  await confirmCapacity(io, api, name, 'Revoke', yes);
  const path = `agents/${encodeURIComponent(name)}/revoke`;
  const revoked = await api.ask(RevokedAgent, 'POST', path);
  if (output === 'json') {
    io.stdout.write(json(revoked));
    return;
  }
  io.stdout.write(`The identity of ${name} (${revoked.id}) is revoked permanently.\n`);
  if (revoked.usableTokens === undefined) {
    io.stderr.write(
      'The store did not answer, so its host may still be able to enroll again. List the tokens that have uses left:\n' +
        '  penstock-gateway token list\n',
    );
  } else if (revoked.usableTokens.length > 0) {
    io.stderr.write(
      'Its host could enroll again with a token that has uses left. To prevent this:\n' +
        revoked.usableTokens.map((id) => `  penstock-gateway token revoke ${id}\n`).join(''),
    );
  }
}
