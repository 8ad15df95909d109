import type { FieldKeyword } from './field.ts';

/** The parts of JSON Schema that the schemas of this package use, and their custom keywords. */
export type SchemaNode = {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[] | undefined;
  readonly additionalProperties?: unknown;
  readonly items?: SchemaNode;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  /** The parser that checks the text. */
  readonly field?: FieldKeyword;
  /** Must be the same on every host, so references are not allowed. */
  readonly literal?: boolean;
  /** If the reference has no value on this host, the field counts as omitted. */
  readonly mayBeMissing?: boolean;
  /** Validated, but without effect in this release. */
  readonly withoutEffect?: boolean;
  /** A list of items with unique names. */
  readonly named?: boolean;
  /** Exactly one of these fields must be present. */
  readonly exactlyOne?: readonly string[];
};

/** Returns the schema of the field or item `step`, or undefined if the schema has none. */
export function schemaChild(schema: SchemaNode | undefined, step: string | number): SchemaNode | undefined {
  if (typeof step === 'number') return schema?.items;
  const properties = schema?.properties;
  return properties !== undefined && Object.hasOwn(properties, step) ? properties[step] : undefined;
}
