import type { ConfigProblemCode } from '../problem.ts';

/**
 * The result of parsing the text of one field. `message` continues the sentence after the field's path ("must be a
 * duration"), and neither text repeats the value, which may be secret because it may have come from a reference.
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
