import { writeSync } from 'node:fs';
import { type DestinationStream, destination, type Level, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import { gatherLines } from './gather-lines.ts';

export type LogOptions = {
  readonly level: Level | 'silent';
  /** Name of the program: the key `name` of every line. */
  readonly program: string;
  /** File descriptor of the output; 1 is standard output. */
  readonly descriptor: number;
  /** True for text that a person reads at a terminal, false for JSON lines. */
  readonly readable: boolean;
};

/** Bytes of log lines buffered for a slow reader. Lines beyond it are dropped: logging never blocks the program. */
const MAX_BUFFERED_BYTES = 4 * 1024 * 1024;

/** Time in which buffered lines must be written before the program exits. */
const FLUSH_TIMEOUT_MS = 1_000;

/**
 * Invisible and bidirectional formatting, and separators of lines and paragraphs: JSON does not escape them as it does control
 * characters, and a terminal would obey them.
 */
const INVISIBLE = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;

export type OpenLog = {
  readonly log: Logger;
  /**
   * Writes the buffered lines and closes the log. Lines that the reader has not accepted within one second are lost.
   * Never rejects. Call it once, immediately before the process exits.
   */
  readonly flush: () => Promise<void>;
};

/** Opens the log of a program. Errors of the output are ignored: a full disk must not stop the program. */
export function openLog(options: LogOptions): OpenLog {
  const settings = {
    level: options.level,
    base: { name: options.program },
    timestamp: timestamps(),
    formatters: { level: (label: string) => ({ level: label }) },
  };
  if (options.readable) {
    const stream: DestinationStream = pretty({
      destination: options.descriptor,
      sync: true,
      colorize: true,
      ignore: 'name,event',
      translateTime: 'SYS:HH:MM:ss.l',
    });
    const formatters = { ...settings.formatters, log: printed };
    return { log: pino({ ...settings, formatters }, stream), flush: async () => {} };
  }
  let state: 'open' | 'ending' = 'open';
  const stream = destination({
    dest: options.descriptor,
    sync: false,
    maxLength: MAX_BUFFERED_BYTES,
    retryEAGAIN: () => state === 'open',
  });
  stream.on('error', () => {});
  const gathered = gatherLines((lines) => {
    if (state === 'open') stream.write(lines);
  });
  // The last lines before a crash say most. The stream writes what it has itself, before this.
  const writeRest = () => {
    let rest = Buffer.from(gathered.take());
    try {
      while (rest.length > 0) rest = rest.subarray(writeSync(options.descriptor, rest));
    } catch {
      // The disk is full, or nobody reads.
    }
  };
  process.on('exit', writeRest);
  return {
    log: pino(settings, gathered),
    flush: async () => {
      gathered.flush();
      process.off('exit', writeRest);
      const { promise, resolve } = Promise.withResolvers<void>();
      const timeout = setTimeout(resolve, FLUSH_TIMEOUT_MS);
      state = 'ending';
      stream.once('close', resolve);
      stream.once('error', () => resolve());
      // Not `flush`: without a minimum length it calls back before anything is written.
      stream.end();
      await promise;
      clearTimeout(timeout);
      stream.destroy();
    },
  };
}

/** Returns a function that returns the key `time` of a line. Under load, many lines are of the same millisecond. */
function timestamps(): () => string {
  let at = Number.NaN;
  let text = '';
  return () => {
    const now = Date.now();
    if (now !== at) {
      at = now;
      text = `,"time":"${new Date(now).toISOString()}"`;
    }
    return text;
  };
}

const printed = (fields: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [
      key,
      typeof value === 'string' ? value.replace(INVISIBLE, '·') : value,
    ]),
  );
