import { AgentResource } from '@penstock/api-schema';
import { type Io, json, type OutputFormat, outputOption, yesOption } from '@penstock/terminal';
import { Command } from 'commander';
import { apiFromEnvironment } from '../api/api-from-environment.ts';
import { confirmCapacity } from './capacity-check.ts';

const commands = {
  drain: {
    description: 'stop routing new opens to an agent until it is resumed; established connections continue',
    message: (name: string) =>
      `${name} receives no new opens. To end this: penstock-gateway agent resume ${name}\n`,
  },
  resume: {
    description: 'resume a drained agent',
    message: (name: string, state: string) =>
      `${name} is resumed and receives opens when it is ready. Its state is ${state}.\n`,
  },
};

type Options = { readonly output: OutputFormat /** Only of drain. */; readonly yes?: boolean };

/** `agent drain` and `agent resume`. */
export function agentDrainCommands(io: Io): readonly Command[] {
  return (['drain', 'resume'] as const).map((verb) => {
    const command = new Command(verb)
      .description(commands[verb].description)
      .argument('<name>', 'name of the agent')
      .addOption(outputOption(['text', 'json']))
      .addHelpText('after', `\nExample:\n  $ penstock-gateway agent ${verb} orders-1`)
      .action(async (name: string, { output, yes = true }: Options) => {
        const api = apiFromEnvironment(io);
        if (verb === 'drain') await confirmCapacity(io, api, name, 'Drain', yes);
        const path = `agents/${encodeURIComponent(name)}/${verb}`;
        const agent = await api.ask(AgentResource, 'POST', path);
        io.stdout.write(output === 'json' ? json(agent) : commands[verb].message(name, agent.state));
      });
    return verb === 'drain' ? command.option(...yesOption) : command;
  });
}
