import type { Io } from './io.ts';
import { styleFor } from './style.ts';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
/** Milliseconds before anything is shown: most work is done by then. */
const PATIENCE = 400;
const INTERVAL = 100;
const ERASE_LINE = '\r\u001b[2K';

/**
 * Does `work`, and while it lasts shows on a terminal what is waited for and for how many seconds. Only on standard
 * error, and only where that is a terminal: what is piped on stays as it is. Settles as `work` does.
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
  let timer = setTimeout(draw, PATIENCE);
  function draw(): void {
    const seconds = Math.floor((performance.now() - started) / 1000);
    stderr.write(`${ERASE_LINE}${FRAMES[shown % FRAMES.length]} ${what} ${faint(`${seconds} s`)}`);
    shown += 1;
    timer = setTimeout(draw, INTERVAL);
  }
  try {
    return await work();
  } finally {
    clearTimeout(timer);
    if (shown > 0) stderr.write(ERASE_LINE);
  }
}
