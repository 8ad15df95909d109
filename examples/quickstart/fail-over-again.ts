import { createInterface } from 'node:readline';
import { problem } from './story.ts';

export type FailOver = {
  /** Kills the agent that carried the last query, and runs the query again. */
  readonly kill: () => Promise<void>;
  /** Starts the killed agent again. */
  readonly restart: () => void;
};

/** Milliseconds for which a killed agent stays away: long enough to be seen in the console. */
const AWAY_MS = 6_000;

/**
 * Repeats the failover each time Enter is pressed, so that it can be watched in the console. Without a terminal, it does
 * nothing. Disposing it stops listening.
 */
export function failOverOnEnter({ kill, restart }: FailOver): Disposable {
  if (!process.stdin.isTTY) return { [Symbol.dispose]: () => {} };
  const lines = createInterface({ input: process.stdin });
  let timer: NodeJS.Timeout | undefined;
  let isKilling = false;
  lines.on('line', async () => {
    if (isKilling || timer !== undefined) return;
    isKilling = true;
    await kill().catch((error: Error) => problem(`The query failed: ${error.message}`));
    isKilling = false;
    timer = setTimeout(() => {
      timer = undefined;
      restart();
    }, AWAY_MS);
  });
  return {
    [Symbol.dispose]() {
      clearTimeout(timer);
      lines.close();
    },
  };
}
