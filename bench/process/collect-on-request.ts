import type { Handlers } from './ask.ts';
import { answerWith } from './ask.ts';

/**
 * Preloaded into a measured Node process (`--expose-gc --import`): the benchmark asks for a full collection
 * before it reads the resident memory, so that garbage is not taken for memory held.
 */
export type CollectHandlers = { collect: (argument: null) => Promise<null> };

const handlers: CollectHandlers = {
  async collect() {
    for (let pass = 0; pass < 3; pass++) {
      // The ordinary collection keeps the emptied pages; this one gives them back.
      globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return null;
  },
};
answerWith(handlers satisfies Handlers);
// The channel must not keep alive a process that has drained.
process.channel?.unref();
