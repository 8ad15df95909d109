import { RevokedAgent } from '@penstock/api-schema';
import { type Io, json, type OutputFormat, outputOption } from '@penstock/terminal';
import { Command } from 'commander';
import { apiFromEnvironment } from '../api/api-from-environment.ts';

/** `agent revoke`: an identity ends for good. */
export function agentRevokeCommand(io: Io): Command {
  return new Command('revoke')
    .description("end an agent's identity for good; its sessions end, and its name becomes free")
    .argument('<name>', 'the name of the agent')
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway agent revoke orders-1')
    .action((name: string, { output }: { readonly output: OutputFormat }) => revoke(io, name, output));
}

async function revoke(io: Io, name: string, output: OutputFormat): Promise<void> {
  const path = `agents/${encodeURIComponent(name)}/revoke`;
  const revoked = await apiFromEnvironment(io).ask(RevokedAgent, 'POST', path);
  if (output === 'json') {
    io.stdout.write(json(revoked));
    return;
  }
  io.stdout.write(`The identity of ${name} (${revoked.id}) has ended for good.\n`);
  if (revoked.usableTokens === undefined) {
    io.stderr.write(
      'Whether its host could enroll again is not known: the store did not say. Look for tokens that still have uses:\n' +
        '  penstock-gateway token list\n',
    );
  } else if (revoked.usableTokens.length > 0) {
    io.stderr.write(
      'Its host could enroll again, with a token that still has uses. To prevent it:\n' +
        revoked.usableTokens.map((id) => `  penstock-gateway token revoke ${id}\n`).join(''),
    );
  }
}
