import { EnrollmentTokenDetail } from '@penstock/api-schema';
import { type Io, json, type OutputFormat, outputOption, printableLine, table } from '@penstock/terminal';
import { Command } from 'commander';
import { relativeTime } from '../age.ts';
import { apiFromEnvironment } from '../api/api-from-environment.ts';

/** `token show`: which agents enrolled with a token, and which were refused. */
export function tokenShowCommand(io: Io, idOf: (text: string) => string): Command {
  return new Command('show')
    .description('show an enrollment token, the agents that enrolled with it, and those that were refused')
    .argument('<id>', 'ID of the token, as shown by token list', idOf)
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway token show 019a0b1c2d3e4f5a6b7c')
    .action((id: string, { output }: { readonly output: OutputFormat }) => show(io, id, output));
}

async function show(io: Io, id: string, output: OutputFormat): Promise<void> {
  const path = `enrollment-tokens/${encodeURIComponent(id)}`;
  const token = await apiFromEnvironment(io).ask(EnrollmentTokenDetail, 'GET', path);
  if (output === 'json') {
    io.stdout.write(json(token));
    return;
  }
  const { state, pool, uses, usesLeft, expiresAt, agents, refusals } = token;
  const now = Date.now();
  io.stdout.write(
    `${id} is ${state}: ${usesLeft} of ${uses} uses left for pool ${pool}, expires ${relativeTime(expiresAt, now)}\n`,
  );
  io.stdout.write(agents.length === 0 ? '\nNo agent has enrolled with it.\n' : '\n');
  if (agents.length > 0) {
    const rows = agents.map((agent) => [agent.name, relativeTime(agent.enrolledAt, now), agent.address]);
    io.stdout.write(table([{ title: 'AGENT', isWhole: true }, 'ENROLLED', 'FROM'], rows, io));
  }
  for (const { name, address, message, advice, count, lastAt } of refusals) {
    const times = count === 1 ? '' : `, ${count} times`;
    io.stdout.write(
      `\nRefused: ${printableLine(name ?? 'an agent')} at ${address}, ${relativeTime(lastAt, now)}${times}\n` +
        `  ${printableLine(message)}\n  ${advice}\n`,
    );
  }
}
