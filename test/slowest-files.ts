import { relative } from 'node:path';
import type { TestEvent } from 'node:test/reporters';

const SHOWN = 15;

/** Collects how long each file took, and has a reporter name the slowest ones before its own summary. */
export class SlowestFiles {
  readonly #files: { readonly file: string; readonly milliseconds: number }[] = [];

  /** Passes the events of a test run on, with the slowest files said before the runner's totals. */
  announce(): (events: AsyncIterable<TestEvent>) => AsyncGenerator<TestEvent> {
    const files = this.#files;
    return async function* (events) {
      let said = false;
      for await (const event of events) {
        if (event.type === 'test:summary' && event.data.file !== undefined) {
          files.push({
            file: relative(process.cwd(), event.data.file),
            milliseconds: event.data.duration_ms,
          });
        }
        if (
          event.type === 'test:diagnostic' &&
          event.data.file === undefined &&
          !said &&
          files.length > SHOWN
        ) {
          said = true;
          const slowest = files.toSorted((a, b) => b.milliseconds - a.milliseconds).slice(0, SHOWN);
          for (const { file, milliseconds } of slowest) {
            const message = `slow: ${(milliseconds / 1000).toFixed(0).padStart(4)} s  ${file}`;
            yield { type: 'test:diagnostic', data: { message, nesting: 0, level: 'info' } };
          }
        }
        yield event;
      }
    };
  }
}
