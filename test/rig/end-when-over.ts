import { after, beforeEach } from 'node:test';

/**
 * Ends the process of a test file, as failed and with a list of what is open, `milliseconds` after its last test if something keeps
 * it alive until then: the runner itself would wait for ever. The file's own `after` hooks have the same time.
 */
export function endWhenOver(milliseconds: number): void {
  let timer: NodeJS.Timeout | undefined;
  // The runner takes a file for over whenever all tests are that it has registered so far.
  beforeEach(() => clearTimeout(timer));
  after(() => {
    const end = () => {
      // The runner reads the output of the file through pipes.
      const left = process.getActiveResourcesInfo().filter((kind) => kind !== 'PipeWrap');
      process.stderr.write(`The tests were over for ${milliseconds} ms, and left open: ${left.join(', ')}\n`);
      process.exit(1);
    };
    clearTimeout(timer);
    timer = setTimeout(end, milliseconds).unref();
  });
}
