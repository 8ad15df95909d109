import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options: {
  readonly type: 'minor' | 'major';
  readonly execution: 'sync';
  readonly flavor: 'regular' | 'last-resort';
}) => void;

/**
 * How much is collected. `young`: what was allocated a moment ago, in a millisecond or two. `whole`: the whole heap. `thorough`: the whole
 * heap too, in two or three times the time, after which V8 gives up empty pages that it otherwise keeps.
 */
export type Collection = 'young' | 'whole' | 'thorough';

let exposedGc: Collect | undefined;

/**
 * Returns a function that collects garbage at once. The memory of buffers is freed beside the program, a moment later. The first call takes
 * some milliseconds, so a program makes it at its start. Throws where V8 offers no such function.
 */
export function garbageCollector(): (collection: Collection) => void {
  exposedGc ??= exposed();
  const collect = exposedGc;
  return (collection) =>
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
