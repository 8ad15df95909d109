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

let now = 0;

/** Allocates 50 MiB at least, of which the last 2 or so live, at a rate that seems to be at least this. */
async function work(mibPerSecond = 10): Promise<void> {
  const living: unknown[] = [];
  for (let turn = 0; turn < 200; turn += 1) {
    now += 250 / mibPerSecond;
    living.push(Array.from({ length: 5_000 }, (_, index) => ({ index, turn })));
    if (living.length > 6) living.shift();
    await new Promise(setImmediate);
  }
}

const states: Record<string, number> = {};
await work();
states['before'] = half();
const stop = sizeYoungGeneration(() => now);
await work();
states['at work'] = half();
await work();
states['later'] = half();
for (let time = 0; time < 6; time += 1) await work(100);
states['busy'] = half();
// As long as a program is quiet before it collects.
now += 3_000;
collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
states['quiet'] = half();
await work();
states['again'] = half();
stop();
const stopAgain = sizeYoungGeneration(() => now);
await work();
states['started large'] = half();
collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
stopAgain();
await work();
states['stopped'] = half();
process.stdout.write(JSON.stringify(states));
