import type { ConfigProblemCode } from '../problem.ts';

/**
 * What reading the text of one field gave. `message` goes on after the field's path ("must be a duration"),
 * and neither text repeats the value: it may have come out of a reference and be secret.
 */
export type FieldResult<Value> =
  | { readonly ok: true; readonly value: Value }
  | {
      readonly ok: false;
      readonly code: ConfigProblemCode;
      readonly message: string;
      readonly suggestion: string;
    };

export function accepted<Value>(value: Value): FieldResult<Value> {
  return { ok: true, value };
}

export function refused(code: ConfigProblemCode, message: string, suggestion: string): FieldResult<never> {
  return { ok: false, code, message, suggestion };
}
