import { RolloutDetail } from '@penstock/api-schema';
import { confirm, type Io, json, type OutputFormat, outputOption, yesOption } from '@penstock/terminal';
import { Command } from 'commander';
import { apiFromEnvironment } from '../api/api-from-environment.ts';
import { addRolloutWaitOptions, followProgress, type RolloutWaitOptions } from './follow-progress.ts';
import { progressText } from './rollout-text.ts';

type Options = Partial<RolloutWaitOptions> & {
  readonly output: OutputFormat;
  readonly reason?: string;
  readonly rollBack?: boolean;
  readonly yes?: boolean;
};

const verbs = {
  pause: 'start nothing more until the rollout is resumed; agents that switch already are observed',
  resume: 'resume a paused rollout',
  cancel: 'end a rollout; agents stay where they are unless --roll-back is set',
  retry: 'try again the agents of a halted rollout that failed or whose hosts prevented the change',
  proceed: 'have a rollout go on now, regardless of windows, freezes and minReady; requires the role admin',
} as const;
type Verb = keyof typeof verbs;

/** After these, the rollout goes on, so there is something to wait for. */
const CONTINUING: ReadonlySet<Verb> = new Set(['resume', 'retry', 'proceed']);

/** `rollout pause|resume|cancel|retry|proceed`. */
export function steerCommands(io: Io): readonly Command[] {
  return (Object.keys(verbs) as Verb[]).map((verb) => {
    const command = new Command(verb)
      .description(verbs[verb])
      .argument('<id>', 'ID of the rollout, as shown by rollout list')
      .addOption(outputOption(['text', 'json']))
      .addHelpText(
        'after',
        `\nExample:\n  $ penstock-gateway rollout ${verb} 019a0b1c-2d3e-7f4a-8b6c-0123456789ab`,
      )
      .action((id: string, options: Options) => steer(io, id, verb, options));
    if (verb === 'pause') command.option('--reason <text>', 'why, for others');
    if (verb === 'cancel') command.option('--roll-back', 'have the agents go back', false);
    if (verb === 'proceed') command.option(...yesOption);
    return CONTINUING.has(verb) ? addRolloutWaitOptions(command) : command;
  });
}

async function steer(io: Io, id: string, verb: Verb, options: Options): Promise<void> {
  const { output, reason, rollBack, yes, wait = false, timeout = 0 } = options;
  const api = apiFromEnvironment(io);
  if (verb === 'proceed') {
    await confirm(io, {
      consequence: 'Agents are changed outside of their window, and pools can fall below minReady.',
      question: 'Proceed now?',
      yes: yes === true,
    });
  }
  const body = verb === 'pause' ? { ...(reason !== undefined && { reason }) } : { rollBack };
  const path = `rollouts/${encodeURIComponent(id)}/${verb}`;
  const rollout = await api.ask(
    RolloutDetail,
    'POST',
    path,
    verb === 'pause' || verb === 'cancel' ? body : undefined,
  );
  const shown = wait ? await followProgress(io, api, id, timeout) : rollout;
  if (output === 'json') io.stdout.write(json(shown));
  else if (!wait) io.stdout.write(`${progressText(shown)}\n`);
}
