import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { sizeYoungGeneration, tuneGarbageCollection } from '../src/index.ts';

/** Prints, as JSON, the MiB of each half of the young generation of a program, in states that follow each other. */

tuneGarbageCollection();
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as (options: object) => void;

function half(): number {
  const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  return ((space?.space_used_size ?? 0) + (space?.space_available_size ?? 0)) / 2 ** 20;
}

/** Allocates 100 MiB, of which the last 3 or so live. */
async function work(): Promise<void> {
  const living: unknown[] = [];
  for (let turn = 0; turn < 200; turn += 1) {
    living.push(Array.from({ length: 5_000 }, (_, index) => ({ index, turn })));
    if (living.length > 6) living.shift();
    await new Promise(setImmediate);
  }
}

const states: Record<string, number> = {};
await work();
states['before'] = half();
const stop = sizeYoungGeneration();
await work();
states['at work'] = half();
await work();
states['later'] = half();
collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
states['quiet'] = half();
await work();
states['again'] = half();
stop();
const stopAgain = sizeYoungGeneration();
await work();
states['started large'] = half();
collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
stopAgain();
await work();
states['stopped'] = half();
process.stdout.write(JSON.stringify(states));
