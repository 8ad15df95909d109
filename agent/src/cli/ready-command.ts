import { setTimeout as delay } from 'node:timers/promises';
import { exitCodes, type Io } from '@penstock/terminal';
import { Command, InvalidArgumentError } from 'commander';
import { fetchReadiness } from '../local/client.ts';
import { configOption } from './load-config.ts';
import { runningAgentAddress } from './running-agent-address.ts';

type Options = { readonly config: string; readonly wait: boolean; readonly timeout: number };

const POLL_MS = 250;
const DEFAULT_TIMEOUT_SECONDS = 60;
const MAX_TIMEOUT_SECONDS = 3_600;

/** `ready`: for health checks and scripts. Prints nothing when the agent is ready. */
export function readyCommand(io: Io): Command {
  return new Command('ready')
    .description(
      'exit with 0 if the gateway acknowledges heartbeats and routes to this agent, with 1 otherwise',
    )
    .option(...configOption)
    .option('--wait', 'wait until the agent is ready, also for one that has only just been started', false)
    .option('--timeout <seconds>', 'longest wait in seconds', seconds, DEFAULT_TIMEOUT_SECONDS)
    .addHelpText('after', '\nExample:\n  $ penstock-agent ready --wait --config /etc/penstock/agent.yaml')
    .action(async ({ config, wait, timeout }: Options) => {
      const deadline = performance.now() + (wait ? timeout * 1_000 : 0);
      for (;;) {
        const outcome = await attempt(io, config);
        if (outcome === 'ready') return;
        if (performance.now() + POLL_MS > deadline) {
          if (outcome instanceof Error) throw outcome;
          io.stderr.write(`${outcome.join('\n')}\n`);
          io.setExitCode(exitCodes.failed);
          return;
        }
        await delay(POLL_MS);
      }
    });
}

/** Whether the agent is ready, else why not: its own reasons, or an error if no agent answers. */
async function attempt(io: Io, config: string): Promise<'ready' | readonly string[] | Error> {
  try {
    const { ready, reasons } = await fetchReadiness(await runningAgentAddress(io, config));
    return ready ? 'ready' : reasons;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function seconds(text: string): number {
  const number = /^[0-9]{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= 1 && number <= MAX_TIMEOUT_SECONDS) return number;
  throw new InvalidArgumentError(`Must be an integer from 1 to ${MAX_TIMEOUT_SECONDS}.`);
}
