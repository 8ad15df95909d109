import type { Io } from './io.ts';
import { styleFor } from './style.ts';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
/** Most work finishes within this delay and shows no progress. */
const DELAY_MS = 400;
const FRAME_INTERVAL_MS = 100;
const ERASE_LINE = '\r\u001b[2K';

/**
 * Runs `work` and meanwhile shows `what` and the elapsed seconds on stderr, if that is a terminal. Settles as `work` does.
 */
export async function withProgress<Value>(
  { stderr, environment }: Pick<Io, 'stderr' | 'environment'>,
  what: string,
  work: () => Promise<Value>,
): Promise<Value> {
  if (stderr.isTTY !== true || environment['TERM'] === 'dumb') return work();
  const { faint } = styleFor(stderr, environment);
  const started = performance.now();
  let shown = 0;
  let timer = setTimeout(draw, DELAY_MS);
  function draw(): void {
    const seconds = Math.floor((performance.now() - started) / 1000);
    stderr.write(`${ERASE_LINE}${FRAMES[shown % FRAMES.length]} ${what} ${faint(`${seconds} s`)}`);
    shown += 1;
    timer = setTimeout(draw, FRAME_INTERVAL_MS);
  }
  try {
    return await work();
  } finally {
    clearTimeout(timer);
    if (shown > 0) stderr.write(ERASE_LINE);
  }
}
