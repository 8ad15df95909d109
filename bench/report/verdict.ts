import type { Results } from '../results.ts';
import type { Target } from '../targets.ts';
import { ratioOfMedians } from './statistics.ts';

/** `unmeasured`: one of its routes was skipped or failed; such a target does not count as met. */
export type Verdict = Target & {
  readonly got: number | undefined;
  readonly outcome: 'met' | 'not met' | 'unmeasured';
};

export function judge(target: Target, results: Results): Verdict {
  const own = results.samples(target.metric, 'penstock');
  const other = target.against === undefined ? [1] : results.samples(target.metric, target.against);
  const got = ratioOfMedians(own, other);
  if (got === undefined) return { ...target, got, outcome: 'unmeasured' };
  const met = 'atLeast' in target.wanted ? got >= target.wanted.atLeast : got <= target.wanted.atMost;
  return { ...target, got, outcome: met ? 'met' : 'not met' };
}
