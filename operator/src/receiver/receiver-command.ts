import { ReceiverResource, ReceiverTestResult } from '@penstock/api-schema';
import {
  CommandError,
  type Io,
  json,
  type OutputFormat,
  outputOption,
  printableLine,
  table,
} from '@penstock/terminal';
import { Command } from 'commander';
import { apiFromEnvironment } from '../api/api-from-environment.ts';
import { everyPage } from '../api/pages.ts';

/** `receiver list|test`: where alert notifications go, and whether they arrive. */
export function receiverCommand(io: Io): Command {
  const receiver = new Command('receiver')
    .description('receivers of alert notifications')
    .addHelpText('after', '\nExample:\n  $ penstock-gateway receiver test ops');
  receiver
    .command('list')
    .description('list the receivers of gateway.yaml with their notifications since the gateway started')
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway receiver list')
    .action(({ output }: { readonly output: OutputFormat }) => list(io, output));
  receiver
    .command('test')
    .description('send a test notification to a receiver')
    .argument('<name>', 'name of a receiver in gateway.yaml')
    .addOption(outputOption(['text', 'json']))
    .addHelpText('after', '\nExample:\n  $ penstock-gateway receiver test ops')
    .action((name: string, { output }: { readonly output: OutputFormat }) => test(io, name, output));
  return receiver;
}

async function list(io: Io, output: OutputFormat): Promise<void> {
  const { items } = await everyPage(apiFromEnvironment(io), ReceiverResource, 'receivers');
  if (output === 'json') {
    io.stdout.write(json({ items }));
    return;
  }
  if (items.length === 0) {
    io.stdout.write('gateway.yaml has no receivers.\n');
    return;
  }
  const rows = items.map(({ name, delivered, failed, abandoned, pending }) => [
    name,
    delivered,
    failed,
    abandoned,
    pending,
  ]);
  io.stdout.write(
    table([{ title: 'NAME', isWhole: true }, 'DELIVERED', 'FAILED', 'ABANDONED', 'PENDING'], rows, io),
  );
}

async function test(io: Io, name: string, output: OutputFormat): Promise<void> {
  const path = `receivers/${encodeURIComponent(name)}/test`;
  const result = await apiFromEnvironment(io).ask(ReceiverTestResult, 'POST', path);
  const { delivered, detail, milliseconds } = result;
  if (output === 'json') io.stdout.write(json(result));
  if (!delivered) {
    throw new CommandError(`The test notification was not delivered to ${name}. ${detail}`, {
      suggestion: `Check the webhook of ${name} in gateway.yaml, and that the gateway's host can reach it.`,
    });
  }
  if (output === 'json') return;
  io.stdout.write(
    `The test notification was delivered to ${name} in ${milliseconds} ms. ${printableLine(detail)}\n`,
  );
}
