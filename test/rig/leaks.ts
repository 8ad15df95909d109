import { fstatSync } from 'node:fs';
import { PATIENCE_MS } from './deadline.ts';
import { eventually } from './eventually.ts';
import { socketCount } from './process-measurements.ts';

/** Resources of the runtime itself. */
const IGNORED = new Set(['FSReqPromise', 'FSReqCallback', 'CloseReq', 'Immediate', 'TTYWrap']);

/** Those of the process itself: pipes, or sockets if Node is the parent. Importing `node:process` opens them, at any time. */
const STANDARD_PIPES = [0, 1, 2]
  .map((descriptor) => fstatSync(descriptor))
  .filter((is) => is.isFIFO() || is.isSocket()).length;

export type ExpectNoLeaksOptions = {
  /** Milliseconds to wait for resources to be closed, which is not always immediate. */
  readonly within?: number;
};

/**
 * Fails when disposed if the process has more sockets, timers, children, or other resources that keep it alive than at
 * the time of the call. Use `await using leaks = expectNoLeaks()` as the first line of a test: resources that are
 * declared after it are disposed before it.
 */
export function expectNoLeaks({ within = PATIENCE_MS }: ExpectNoLeaksOptions = {}): AsyncDisposable {
  const before = resources();
  return {
    async [Symbol.asyncDispose]() {
      await eventually('every socket, timer and child to be gone', () => leaked(before).length === 0, {
        within,
        state: () => `left behind: ${leaked(before).join(', ')}`,
      });
    },
  };
}

function leaked(before: ReadonlyMap<string, number>): string[] {
  return [...resources()].flatMap(([kind, count]) => {
    const own = kind === 'PipeWrap' ? STANDARD_PIPES : 0;
    const more = count - Math.max(before.get(kind) ?? 0, own);
    return more > 0 ? [`${more} ${kind}`] : [];
  });
}

function resources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (!IGNORED.has(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  // Node does not list sockets that were unrefed.
  if (process.platform === 'linux') counts.set('socket descriptor', socketCount());
  return counts;
}
