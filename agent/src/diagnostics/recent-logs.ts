import type { LogLevel } from '@penstock/config-schema';

export type RecentLine =
  | { readonly level: LogLevel; readonly text: string }
  /** Why the line could not be kept. */
  | { readonly level: LogLevel; readonly omitted: string };

const MAX_TOTAL_BYTES = 16 * 1024 * 1024;
const MAX_LINE_CHARACTERS = 16 * 1024;
/** Memory of a line besides its text. */
const LINE_OVERHEAD_BYTES = 64;

const severity: Readonly<Record<LogLevel, number>> = {
  trace: 0,
  debug: 1,
  info: 2,
  warn: 3,
  error: 4,
  silent: 5,
};

/** The most recent log lines (`log.recent`), limited to 16 MiB in total. */
export class RecentLogs {
  #maxLines: number;
  #lines: RecentLine[] = [];
  /** Index of the oldest line that has not been dropped. */
  #first = 0;
  #bytes = 0;

  constructor(maxLines: number) {
    this.#maxLines = maxLines;
  }

  /** Changes the maximum number of lines. */
  resize(maxLines: number): void {
    this.#maxLines = maxLines;
    this.#shrink();
  }

  /** Removes all lines. */
  clear(): void {
    this.#lines = [];
    this.#first = 0;
    this.#bytes = 0;
  }

  /** Adds an event. Never throws: an event that cannot be serialized is recorded as omitted. */
  add(level: LogLevel, line: Readonly<Record<string, unknown>>): void {
    if (this.#maxLines === 0) return;
    this.#push(lineOf(level, line));
    this.#shrink();
  }

  /** Lines of this level or a more severe one, newest first. */
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
    while (this.#lines.length - this.#first > this.#maxLines || this.#bytes > MAX_TOTAL_BYTES) {
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
    return text.length > MAX_LINE_CHARACTERS ? { level, omitted: 'longer than 16 KiB' } : { level, text };
  } catch {
    return { level, omitted: 'not serializable as JSON' };
  }
}

const sizeOf = (line: RecentLine) => LINE_OVERHEAD_BYTES + ('text' in line ? 2 * line.text.length : 0);
