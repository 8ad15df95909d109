import type { TSchema } from 'typebox';

/** Keywords that restrict values. The sender has checked them, and a newer gateway may have widened them. */
const RESTRICTIONS: ReadonlySet<string> = new Set([
  'enum',
  'const',
  'pattern',
  'format',
  'minimum',
  'maximum',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
]);

/**
 * The schema for a reader of responses: it checks the fields and their types, but accepts values and additional fields
 * that a newer gateway may send.
 */
export function tolerant<Schema extends TSchema>(schema: Schema): Schema {
  return relaxed(schema) as Schema;
}

function relaxed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(relaxed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema)
    .filter(
      ([keyword, value]) =>
        !RESTRICTIONS.has(keyword) && !(keyword === 'additionalProperties' && value === false),
    )
    .map(([keyword, value]) => [
      keyword,
      keyword === 'properties' ? relaxedProperties(value) : relaxed(value),
    ]);
  return Object.fromEntries(entries);
}

/** Names of properties are not keywords, even if they look like one. */
const relaxedProperties = (properties: unknown) =>
  Object.fromEntries(Object.entries(properties as object).map(([name, schema]) => [name, relaxed(schema)]));
