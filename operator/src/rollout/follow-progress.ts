import { setTimeout } from 'node:timers/promises';
import { RolloutDetail } from '@penstock/api-schema';
import { CommandError, type Io } from '@penstock/terminal';
import { type Command, Option } from 'commander';
import type { ApiClient } from '../api/api-client.ts';
import { timeToLive } from '../credentials/time-to-live.ts';
import { progressText } from './rollout-text.ts';

export type RolloutWaitOptions = { readonly wait: boolean; readonly timeout: number };

const DEFAULT_TIMEOUT_SECONDS = 86_400;
const POLL_INTERVAL_MS = 1_000;

export const addRolloutWaitOptions = (command: Command): Command =>
  command
    .option('--wait', 'show the progress until the rollout has ended; fail unless it is done', false)
    .addOption(
      new Option('--timeout <duration>', 'with --wait: how long to wait, such as 2h or 3d')
        .argParser(timeToLive)
        .default(DEFAULT_TIMEOUT_SECONDS, '1d'),
    );

/**
 * Writes the progress of a rollout to standard error, and resolves when it is done. Throws CommandError if it ends in any
 * other way, or when the time is over; the rollout continues then.
 */
export async function followProgress(
  io: Io,
  api: ApiClient,
  id: string,
  timeoutSeconds: number,
): Promise<RolloutDetail> {
  const deadline = performance.now() + timeoutSeconds * 1000;
  let last = '';
  for (;;) {
    const rollout = await api.ask(RolloutDetail, 'GET', `rollouts/${encodeURIComponent(id)}`);
    const text = progressText(rollout);
    if (text !== last) io.stderr.write(`${text}\n`);
    last = text;
    if (rollout.state === 'done') return rollout;
    if (hasFailed(rollout)) throw failure(rollout);
    if (performance.now() >= deadline) {
      throw new CommandError(`Rollout ${id} has not ended in time: ${text}`, {
        suggestion: `It continues. Show it: penstock-gateway rollout show ${id}`,
      });
    }
    await setTimeout(Math.min(POLL_INTERVAL_MS, Math.max(1, deadline - performance.now())));
  }
}

/** Without an operator, a halted rollout stays as it is if it does not go back. */
const hasFailed = ({ state, onFailure }: RolloutDetail) =>
  state === 'rolled-back' || state === 'cancelled' || (state === 'halted' && onFailure === 'halt');

function failure({ id, state, reason }: RolloutDetail): CommandError {
  const texts: Readonly<Record<string, string>> = {
    'rolled-back': 'was rolled back',
    cancelled: 'was cancelled',
    halted: 'is halted',
  };
  return new CommandError(
    `Rollout ${id} ${texts[state] ?? state}.${reason === undefined ? '' : ` ${reason}`}`,
    {
      suggestion: `Show its agents: penstock-gateway rollout show ${id}`,
    },
  );
}
