import type { Context } from './context.ts';
import type { StageOptions } from './stage.ts';

export function stageOptions({ host, rootKeys, sequence, clock, keeper }: Context): StageOptions {
  return { host, rootKeys, sequence, now: clock.wall(), onVerified: (facts) => keeper.change(facts) };
}
