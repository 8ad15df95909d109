import type { Ask } from './ask.ts';
import { asking } from './ask.ts';
import type { Child } from './child.ts';
import type { CollectHandlers } from './collect-on-request.ts';
import { compiled } from './compiled.ts';
import { pause } from './deadline.ts';
import { residentKib } from './usage.ts';

/** Options for a Node process whose garbage is collected before its memory is read. */
export function settleOptions(): readonly string[] {
  const preloads = ['./collect-on-request.ts', './delay-on-request.ts'];
  return [
    '--expose-gc',
    ...preloads.flatMap((file) => ['--import', compiled(new URL(file, import.meta.url)).href]),
  ];
}

/** Collects garbage in a child that was started with `settleOptions`. */
export function collector(child: Child): () => Promise<void> {
  const ask: Ask<CollectHandlers> = asking<CollectHandlers>(child, `process ${child.pid}`);
  return async () => {
    await ask('collect', null);
  };
}

/** Returns the resident KiB when two readings 100 ms apart differ by less than 1 %, or the last reading after 3 s. */
export async function settledKib(pid: number): Promise<number> {
  let before = await residentKib(pid);
  for (let reading = 0; reading < 30; reading++) {
    await pause(100);
    const after = await residentKib(pid);
    if (Math.abs(after - before) < before / 100) return after;
    before = after;
  }
  return before;
}
