import type { ChildProcess } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';

/** How long the process of a file has to end its children when asked, before it is killed. */
const TERMINATION_MS = 10_000;

/**
 * Ends the process of every test file that takes longer than `milliseconds`. It is the last resort: the runner has limits for tests only,
 * so a file whose event loop is busy, or whose child holds its output open, would keep the whole run from ending. Applies to every
 * process that this one starts from now on. Children of one that has to be killed go on.
 */
export function limitFiles(milliseconds: number, termination = TERMINATION_MS): void {
  subscribe('child_process', (message) => {
    const { process: file } = message as { process: ChildProcess };
    const closeOutput = () => {
      file.stdout?.destroy();
      file.stderr?.destroy();
    };
    let kill: NodeJS.Timeout | undefined;
    const terminate = setTimeout(() => {
      process.stderr.write(`${file.spawnargs.at(-1)} took longer than ${milliseconds} ms, and is ended.\n`);
      file.kill('SIGTERM');
      kill = setTimeout(() => {
        file.kill('SIGKILL');
        closeOutput();
      }, termination);
    }, milliseconds);
    file.once('close', () => {
      clearTimeout(terminate);
      clearTimeout(kill);
    });
  });
}
