import { AgentResource } from '@penstock/api-schema';
import { type Io, json, type OutputFormat, outputOption } from '@penstock/terminal';
import { Command } from 'commander';
import { apiFromEnvironment } from '../api/api-from-environment.ts';

const commands = {
  drain: {
    description: 'keep new opens away from an agent until it is resumed; its live connections go on',
    said: (name: string) =>
      `${name} gets no new opens. When the work on it is done: penstock-gateway agent resume ${name}\n`,
  },
  resume: {
    description: 'let a drained agent take opens again',
    said: (name: string, state: string) => `${name} takes opens again as soon as it can; it is ${state}.\n`,
  },
};

/** `agent drain` and `agent resume`. */
export function agentDrainCommands(io: Io): readonly Command[] {
  return (['drain', 'resume'] as const).map((verb) =>
    new Command(verb)
      .description(commands[verb].description)
      .argument('<name>', 'the name of the agent')
      .addOption(outputOption(['text', 'json']))
      .addHelpText('after', `\nExample:\n  $ penstock-gateway agent ${verb} orders-1`)
      .action(async (name: string, { output }: { readonly output: OutputFormat }) => {
        const path = `agents/${encodeURIComponent(name)}/${verb}`;
        const agent = await apiFromEnvironment(io).ask(AgentResource, 'POST', path);
        io.stdout.write(output === 'json' ? json(agent) : commands[verb].said(name, agent.state));
      }),
  );
}
