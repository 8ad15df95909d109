import { type DestinationStream, destination, type Level, type Logger, pino } from 'pino';
import pretty from 'pino-pretty';

export type LogOptions = {
  readonly level: Level | 'silent';
  /** The program, as `name` on every line. */
  readonly program: string;
  /** File descriptor of the output, 1 for standard output. */
  readonly descriptor: number;
  /** Written for a person at a terminal, and not as JSON lines. */
  readonly readable: boolean;
};

/** Bytes of log lines that wait for a slow reader of the output; beyond it lines are dropped, never awaited. */
const MAX_WAITING = 4 * 1024 * 1024;

/** Milliseconds the last lines have to leave. */
const FLUSH_TIMEOUT = 1_000;

/** The log of a program, and the way to empty it before the process ends; what nobody takes then is lost. */
export function openLog(options: LogOptions): { log: Logger; flush: () => Promise<void> } {
  const settings = {
    level: options.level,
    base: { name: options.program },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
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
    return { log: pino(settings, stream), flush: async () => {} };
  }
  let life: 'open' | 'ending' = 'open';
  const stream = destination({
    dest: options.descriptor,
    sync: false,
    maxLength: MAX_WAITING,
    retryEAGAIN: () => life === 'open',
  });
  // A reader that went away, or a disk that is full, must not end the program that logs to it.
  stream.on('error', () => {});
  return {
    log: pino(settings, stream),
    flush: async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, FLUSH_TIMEOUT);
      life = 'ending';
      stream.flush(() => resolve());
      await promise;
      clearTimeout(timer);
      stream.destroy();
    },
  };
}
