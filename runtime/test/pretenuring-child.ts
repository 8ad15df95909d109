import { setImmediate as turn } from 'node:timers/promises';
import { tuneGarbageCollection } from '../src/index.ts';

/** Prints how many of 1,000 new arrays are in the young generation, after the earlier ones of the same place in the code have survived. */

tuneGarbageCollection();
const isYoung = new Function('object', 'return %InYoungGeneration(object)') as (object: object) => boolean;

const make = (index: number) => [index, { index }];

const kept: unknown[] = [];
for (let round = 0; round < 30; round += 1) {
  for (let index = 0; index < 20_000; index += 1) kept.push(make(index));
  await turn();
}
const young = Array.from({ length: 1_000 }, (_, index) => isYoung(make(index))).filter(Boolean).length;
process.stdout.write(String(young));
