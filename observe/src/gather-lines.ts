import type { DestinationStream } from 'pino';

/** Time in which lines are gathered: a system call for each costs as much as opening a connection. */
const GATHER_MS = 20;
/** Characters that are written without waiting for more. */
const GATHERED_LENGTH = 32 * 1024;

export type LineGatherer = DestinationStream & {
  /** Passes on what is gathered. */
  flush(): void;
  /** Returns what is gathered instead of passing it on. */
  take(): string;
};

/** Passes on the lines of a moment together. The stream does it too, but measures all that it has again for each line. */
export function gatherLines(write: (lines: string) => void): LineGatherer {
  let lines: string[] = [];
  let length = 0;
  let timer: NodeJS.Timeout | undefined;
  const take = () => {
    clearTimeout(timer);
    timer = undefined;
    const gathered = lines.join('');
    lines = [];
    length = 0;
    return gathered;
  };
  const flush = () => {
    if (lines.length > 0) write(take());
  };
  return {
    write(line) {
      lines.push(line);
      length += line.length;
      if (length >= GATHERED_LENGTH) flush();
      else timer ??= setTimeout(flush, GATHER_MS);
    },
    flush,
    take,
  };
}
