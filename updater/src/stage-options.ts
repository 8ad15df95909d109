import type { Context } from './context.ts';
import type { StageOptions } from './stage.ts';

export function stageOptions({ host, rootKeys, clock, keeper }: Context): StageOptions {
  return { host, rootKeys, now: clock.wall(), onSeen: (seen) => keeper.change({ seen }) };
}
