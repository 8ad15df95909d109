import type { ConfigProblemCode } from '../problem.ts';
import type { Path, Range } from './tree.ts';

/** A problem before its place in the text is worked out for people. */
export type Finding = {
  readonly code: ConfigProblemCode;
  readonly range: Range;
  readonly path: Path;
  /** What is wrong, as one sentence. */
  readonly message: string;
  readonly suggestion: string;
};
