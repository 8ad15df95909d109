import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: {
  readonly type: 'minor' | 'major';
  readonly execution: 'sync';
  readonly flavor: 'regular' | 'last-resort';
}) => void;

/**
 * How much is collected. `young`: what was allocated a moment ago, in a millisecond or two. `whole`: the whole heap. `thorough`: the same two
 * or three times as long, after which V8 gives up empty pages that it otherwise keeps.
 */
export type Collection = 'young' | 'whole' | 'thorough';

let collect: Collect | undefined;

/** Collects garbage at once. The memory of buffers is freed beside the program, a moment later. */
export function collectGarbage(collection: Collection): void {
  collect ??= exposed();
  collect({
    type: collection === 'young' ? 'minor' : 'major',
    execution: 'sync',
    flavor: collection === 'thorough' ? 'last-resort' : 'regular',
  });
}

/** A context that is made after the flag was set has the function, whichever way the program was started. */
function exposed(): Collect {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as Collect;
}
