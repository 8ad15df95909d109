import { type TProperties, type TSchema, Type } from '@penstock/json-schema';
import type { FieldKindName } from '../field/field-kind.ts';

// The schemas describe a file whose references are resolved and whose defaults are filled in, so their static type
// is what the rest of the package builds from. `editor-schema.ts` converts them to what people write.

/** Custom keyword: the parser that checks the text, and bounds in the field's own unit. */
export type FieldKeyword = { readonly is: FieldKindName; readonly min?: string; readonly max?: string };

type TextOptions = { readonly default?: string };
type UnitOptions = { readonly default?: string; readonly min: string; readonly max: string };
type NumberOptions = { readonly default?: number; readonly minimum: number; readonly maximum: number };

/** Text that is checked by the parser `is`. */
export function text(is: FieldKindName, description: string, options: TextOptions = {}) {
  return Type.String({ description, ...options, field: { is } satisfies FieldKeyword });
}

/** A duration or size with its bounds. */
export function quantity(
  is: 'duration' | 'size',
  description: string,
  { default: value, ...bounds }: UnitOptions,
) {
  return Type.String({
    description,
    ...(value !== undefined && { default: value }),
    field: { is, ...bounds } satisfies FieldKeyword,
  });
}

export function integer(description: string, options: NumberOptions) {
  return Type.Integer({ description, ...options });
}

/** One of a few words. */
export function word<const Words extends readonly string[]>(
  words: Words,
  description: string,
  options: { readonly default?: Words[number] } = {},
) {
  const schema = Type.Unsafe<Words[number]>({ enum: [...words], description, ...options });
  return { ...schema, type: 'string' as const };
}

/** A field that is validated but has no effect yet. */
export function withoutEffect<Field extends TSchema>(field: Field) {
  const meaning = 'description' in field ? `${field.description} ` : '';
  const description = `${meaning}Validated, but has no effect in this release.`;
  return { ...field, description, withoutEffect: true as const };
}

/** One fixed word that identifies the file: the same on every host, so never a reference. */
export function constant<const Word extends string>(value: Word, description: string) {
  return Type.Literal(value, { description, literal: true });
}

type ListOptions = {
  readonly default?: readonly string[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
};

export function list<Item extends TSchema>(item: Item, description: string, options: ListOptions = {}) {
  return Type.Array(item, { description, ...options });
}

/** A list of items with unique names. */
export function namedList<Item extends TSchema>(item: Item, description: string, options: ListOptions = {}) {
  return list(item, description, { ...options, ...{ named: true } });
}

/** A mapping with these fields and no others. */
export function group<Fields extends TProperties>(description: string, fields: Fields) {
  return Type.Object(fields, { description, additionalProperties: false });
}

/** A mapping that may be omitted, because each of its fields may. */
export function optionalGroup<Fields extends TProperties>(description: string, fields: Fields) {
  return Type.Object(fields, { description, additionalProperties: false, default: {} });
}

/** A mapping with these fields and no others, which must contain exactly one of `exactlyOne`. */
export function choice<Fields extends TProperties>(
  description: string,
  exactlyOne: readonly (keyof Fields & string)[],
  fields: Fields,
) {
  return Type.Object(fields, { description, additionalProperties: false, ...{ exactlyOne } });
}
