import type { LogLevel } from '@penstock/config-schema';

export type RecentLine =
  | { readonly level: LogLevel; readonly text: string }
  /** What could not be kept, and why. */
  | { readonly level: LogLevel; readonly leftOut: string };

/** Bytes of all lines together, and of one. */
const MOST_BYTES = 16 * 1024 * 1024;
const LONGEST_LINE = 16 * 1024;
/** What a line costs beside its text. */
const OVERHEAD = 64;

const severity: Readonly<Record<LogLevel, number>> = {
  trace: 0,
  debug: 1,
  info: 2,
  warn: 3,
  error: 4,
  silent: 5,
};

/** The last lines of the log, as many as the file asks for and never more than some mebibytes of them. */
export class RecentLogs {
  #most: number;
  #lines: RecentLine[] = [];
  /** Those before it have been dropped already. */
  #first = 0;
  #bytes = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Keeps `most` lines from now on. */
  resize(most: number): void {
    this.#most = most;
    this.#shrink();
  }

  /** Forgets all lines. */
  clear(): void {
    this.#lines = [];
    this.#first = 0;
    this.#bytes = 0;
  }

  /** Keeps one event. Never throws: what cannot be written down is kept as left out. */
  add(level: LogLevel, line: Readonly<Record<string, unknown>>): void {
    if (this.#most === 0) return;
    this.#push(lineOf(level, line));
    this.#shrink();
  }

  /** The newest first, of this level or a more severe one. */
  *newest(least: LogLevel): Generator<RecentLine> {
    for (let at = this.#lines.length - 1; at >= this.#first; at -= 1) {
      const line = this.#lines[at];
      if (line !== undefined && severity[line.level] >= severity[least]) yield line;
    }
  }

  #push(line: RecentLine): void {
    this.#lines.push(line);
    this.#bytes += sizeOf(line);
  }

  #shrink(): void {
    while (this.#lines.length - this.#first > this.#most || this.#bytes > MOST_BYTES) {
      const dropped = this.#lines[this.#first];
      if (dropped !== undefined) this.#bytes -= sizeOf(dropped);
      this.#first += 1;
    }
    if (this.#first < 1024 || this.#first * 2 < this.#lines.length) return;
    this.#lines = this.#lines.slice(this.#first);
    this.#first = 0;
  }
}

export const isAtLeast = (level: LogLevel, least: LogLevel) => severity[level] >= severity[least];

function lineOf(level: LogLevel, line: Readonly<Record<string, unknown>>): RecentLine {
  try {
    const text = JSON.stringify(line);
    return text.length > LONGEST_LINE ? { level, leftOut: 'longer than 16 KiB' } : { level, text };
  } catch {
    return { level, leftOut: 'not writable as JSON' };
  }
}

const sizeOf = (line: RecentLine) => OVERHEAD + ('text' in line ? 2 * line.text.length : 0);
