import { relative } from 'node:path';
import type { TestEvent } from 'node:test/reporters';
import { REQUIRE_ALL } from './rig/optional.ts';

/** Collects the tests that were skipped, and has a reporter say so in the last lines before its own summary. */
export class SkipReport {
  readonly #lines: string[] = [];
  readonly #forbidden: boolean;

  /** `forbidden`: a skipped test is a failure, and said to be one. */
  constructor(forbidden: boolean) {
    this.#forbidden = forbidden;
  }

  /** Whether a test was skipped that should not have been. */
  get failed(): boolean {
    return this.#forbidden && this.#lines.length > 0;
  }

  /** Passes the events of a test run on, with what was skipped said before the runner's totals. */
  announce(): (events: AsyncIterable<TestEvent>) => AsyncGenerator<TestEvent> {
    const lines = this.#lines;
    const forbidden = this.#forbidden;
    return async function* (events) {
      let said = false;
      for await (const event of events) {
        if (event.type === 'test:pass' && isSkip(event.data.skip)) lines.push(lineOf(event.data));
        // Only the totals of the whole run belong to no file.
        if (event.type === 'test:diagnostic' && event.data.file === undefined && !said) {
          said = true;
          for (const line of lines) yield diagnostic(line);
          if (lines.length > 0 && forbidden) {
            yield diagnostic(`failed: ${REQUIRE_ALL}=1, and then no test may be skipped`);
          }
        }
        yield event;
      }
    };
  }
}

/** An empty string is what the runner makes of `skip: true`. */
function isSkip(skip: string | boolean | undefined): boolean {
  return skip !== undefined && skip !== false;
}

function lineOf({ name, file, skip }: { name: string; file?: string; skip?: string | boolean }): string {
  const place = file === undefined ? '' : ` (${relative(process.cwd(), file)})`;
  const reason = typeof skip === 'string' && skip !== '' ? skip : 'no reason given';
  return `skipped: ${name}${place}: ${reason}`;
}

function diagnostic(message: string): TestEvent {
  return { type: 'test:diagnostic', data: { message, nesting: 0, level: 'warn' } };
}
