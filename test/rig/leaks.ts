import { eventually } from './eventually.ts';
import { socketCount } from './process-measurements.ts';

/** Resources that come and go with the runtime itself. */
const IGNORED = new Set(['FSReqPromise', 'FSReqCallback', 'CloseReq', 'Immediate', 'TTYWrap']);

export type ExpectNoLeaksOptions = {
  /** Milliseconds the resources have to go; closing is not always immediate. */
  readonly within?: number;
};

/**
 * Fails when disposed, unless the process then has no more sockets, timers, children and other resources that
 * keep it alive than at the time of the call. `await using leaks = expectNoLeaks()` as a test's first line:
 * what is declared after it is disposed before it.
 */
export function expectNoLeaks({ within = 3000 }: ExpectNoLeaksOptions = {}): AsyncDisposable {
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
    const more = count - (before.get(kind) ?? 0);
    return more > 0 ? [`${more} ${kind}`] : [];
  });
}

function resources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (!IGNORED.has(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  // Sockets that were told not to keep the process alive are on no list of Node's.
  if (process.platform === 'linux') counts.set('socket descriptor', socketCount());
  return counts;
}
