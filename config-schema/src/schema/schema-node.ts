import type { FieldKeyword } from './field.ts';

/** What the schemas of this package use of JSON Schema, and their keywords of our own. */
export type SchemaNode = {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
  readonly items?: SchemaNode;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  /** Which reader checks the text. */
  readonly field?: FieldKeyword;
  /** The same on every host, so never a reference. */
  readonly literal?: boolean;
  /** A reference that finds nothing on this host counts as left out. */
  readonly mayBeMissing?: boolean;
  /** Checked by this release, and not acted upon. */
  readonly withoutEffect?: boolean;
  /** A list of things with names, no two the same. */
  readonly named?: boolean;
  /** Of these fields exactly one is there. */
  readonly exactlyOne?: readonly string[];
};

/** The schema of what stands below `step`, or undefined where the schema knows nothing there. */
export function schemaChild(schema: SchemaNode | undefined, step: string | number): SchemaNode | undefined {
  if (typeof step === 'number') return schema?.items;
  const properties = schema?.properties;
  return properties !== undefined && Object.hasOwn(properties, step) ? properties[step] : undefined;
}
