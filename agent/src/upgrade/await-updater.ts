import { setTimeout as delay } from 'node:timers/promises';
import type { Layout } from '@penstock/services';
import { CommandError } from '@penstock/terminal';
import { type Journal, ROOT, readJournal, readProblem } from '@penstock/updater';

const POLL_MS = 500;
/** An updater that was about to end did not see the request, and starting it then did nothing. */
const POLLS_UNTIL_START = 10;
const ENDS: ReadonlySet<Journal['phase']['name']> = new Set([
  'committed',
  'rolled-back',
  'failed',
  'staged',
  'idle',
]);

export type AwaitUpdaterOptions = {
  readonly layout: Pick<Layout, 'updater' | 'updaterRuntime'>;
  /** Starts the updater. It may fail: it is called again. */
  readonly start: () => void;
  /** Milliseconds between two looks. */
  readonly every?: number;
};

/**
 * The phase in which the updater has ended, once it has handled root's request `id`. Throws CommandError when the updater cannot
 * go on: it keeps the request, and tries again by itself.
 */
export async function awaitUpdater(
  id: string,
  { layout, start, every = POLL_MS }: AwaitUpdaterOptions,
): Promise<Journal['phase']> {
  for (let polls = 1; ; polls += 1) {
    const journal = readJournal(layout.updater);
    if (journal?.requests[ROOT] === id && ENDS.has(journal.phase.name)) return journal.phase;
    if (polls % POLLS_UNTIL_START === 0) {
      // It tries at once when it is asked, so this is not what an earlier attempt has met.
      const problem = readProblem(layout.updaterRuntime);
      if (problem !== undefined) {
        throw new CommandError(`The updater cannot go on: ${problem.detail}`, {
          suggestion:
            'It keeps the request and tries again by itself. Run penstock-agent upgrade status to see whether it has.',
        });
      }
      try {
        start();
      } catch {
        // systemd may be busy.
      }
    }
    await delay(every);
  }
}
