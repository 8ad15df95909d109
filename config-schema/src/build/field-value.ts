import type { FieldKindName, fieldKinds } from '../field/field-kind.ts';
import { escapeTemplate } from '../reference/template.ts';
import { readField } from '../schema/validator.ts';
import { Secret } from '../secret.ts';
import type { JsonValue } from '../yaml/tree.ts';

type ValueOf<Kind extends FieldKindName> = Extract<
  ReturnType<(typeof fieldKinds)[Kind]['parse']>,
  { readonly ok: true }
>['value'];

/** The value of a text that the schema has accepted. Throws on any other: that would be a fault of ours. */
export function fieldValue<Kind extends FieldKindName>(kind: Kind, text: string): ValueOf<Kind> {
  const result = readField({ is: kind }, text);
  if (!result.ok) throw new TypeError(`A ${kind} was accepted and then refused.`);
  return result.value as ValueOf<Kind>;
}

/** What a configuration is built with beside the file's own content. */
export type BuildContext = {
  readonly version: number;
  readonly digest: string;
  readonly content: JsonValue;
  /** Folder that relative paths start at; as they are when undefined. */
  readonly directory: string | undefined;
  /** JSON pointers of values that came from references, with the text that refers to them. */
  readonly references: ReadonlyMap<string, string>;
  /** JSON pointers of values left out because their references gave nothing, each with a sentence that says why. */
  readonly missing: ReadonlyMap<string, string>;
};

/** A secret that knows how the file refers to it. */
export function secretOf(context: BuildContext, pointer: string, text: string): Secret {
  return new Secret(text, context.references.get(pointer) ?? escapeTemplate(text));
}
