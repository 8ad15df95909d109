import type { Handlers } from './ask.ts';
import { answerWith } from './ask.ts';

/**
 * Preloaded into a measured Node process (`--expose-gc --import`): the benchmark requests a full collection before it
 * reads the resident memory, so garbage does not count as memory in use.
 */
export type CollectHandlers = { collect: (argument: null) => Promise<null> };

const handlers: CollectHandlers = {
  async collect() {
    for (let pass = 0; pass < 3; pass++) {
      // A normal collection keeps the empty pages; this one returns them to the system.
      globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return null;
  },
};
answerWith(handlers satisfies Handlers);
// The channel must not keep a drained process alive.
process.channel?.unref();
