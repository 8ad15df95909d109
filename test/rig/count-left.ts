import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** How many of these objects are left after a collection. What was read of a WeakRef lives until the turn ends. */
export async function countLeft(objects: readonly WeakRef<object>[]): Promise<number> {
  await setImmediate();
  collect();
  await setImmediate();
  return objects.filter((each) => each.deref() !== undefined).length;
}
