import type { FieldKindName, fieldKinds } from '../field/field-kind.ts';
import { escapeTemplate } from '../reference/template.ts';
import { readField } from '../schema/validator.ts';
import { Secret } from '../secret.ts';
import type { JsonValue } from '../yaml/tree.ts';

type ValueOf<Kind extends FieldKindName> = Extract<
  ReturnType<(typeof fieldKinds)[Kind]['parse']>,
  { readonly ok: true }
>['value'];

/** Returns the value of a text that the schema has accepted. Throws TypeError on any other, which is a bug. */
export function fieldValue<Kind extends FieldKindName>(kind: Kind, text: string): ValueOf<Kind> {
  const result = readField({ is: kind }, text);
  if (!result.ok) throw new TypeError(`A ${kind} was accepted and then refused.`);
  return result.value as ValueOf<Kind>;
}

/** What building a configuration needs in addition to the file's content. */
export type BuildContext = {
  readonly version: number;
  readonly digest: string;
  readonly content: JsonValue;
  /** Directory for relative paths; undefined: they are left unchanged. */
  readonly directory: string | undefined;
  /** JSON pointers of values that came from references, with the text of the reference. */
  readonly references: ReadonlyMap<string, string>;
  /** JSON pointers of values omitted because their references have no value, each with a sentence that says why. */
  readonly missing: ReadonlyMap<string, string>;
};

/** Returns a secret together with the reference it came from. */
export function secretOf(context: BuildContext, pointer: string, text: string): Secret {
  return new Secret(text, context.references.get(pointer) ?? escapeTemplate(text));
}
