import type { ConfigProblemCode } from '../problem.ts';
import type { Path, Range } from './tree.ts';

/** A problem with its range in the text, before line and column are determined. */
export type Finding = {
  readonly code: ConfigProblemCode;
  readonly range: Range;
  readonly path: Path;
  /** What is wrong, as one sentence. */
  readonly message: string;
  readonly suggestion: string;
};
