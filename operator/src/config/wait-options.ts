import { type Command, Option } from 'commander';
import { timeToLive } from '../credentials/time-to-live.ts';

export type WaitOptions = { readonly wait: boolean; readonly timeout: number };

const DEFAULT_TIMEOUT_SECONDS = 600;

/** Adds `--wait` and `--timeout` to a command that changes what agents should run. */
export const addWaitOptions = (command: Command): Command =>
  command
    .option('--wait', 'wait until every connected agent runs the version; fail if that takes too long', false)
    .addOption(
      new Option('--timeout <duration>', 'with --wait: how long to wait, such as 90s or 1h')
        .argParser(timeToLive)
        .default(DEFAULT_TIMEOUT_SECONDS, '10m'),
    );
