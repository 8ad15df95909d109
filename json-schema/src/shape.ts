import type { Static, TSchema } from 'typebox';

type Schema = Readonly<Record<string, unknown>>;

/**
 * Whether a value that another program sent has the types and required fields of a schema. Restrictions of values, such as `enum`,
 * `pattern` and `maximum`, and unknown fields are ignored: the sender has checked them, and a newer one may send more. For what a
 * stranger sends, use a validator.
 */
export function hasShape<Shape extends TSchema>(schema: Shape, value: unknown): value is Static<Shape> {
  return matches(schema as Schema, value);
}

function matches(schema: Schema, value: unknown): boolean {
  const { type, allOf, anyOf } = schema;
  if (typeof type === 'string' && !isOfType(type, value)) return false;
  if (Array.isArray(allOf) && !allOf.every((part: Schema) => matches(part, value))) return false;
  if (Array.isArray(anyOf) && !anyOf.some((part: Schema) => matches(part, value))) return false;
  if (Array.isArray(value)) return value.every((item) => matchesChild(schema['items'], item));
  return typeof value !== 'object' || value === null || hasFields(schema, value);
}

function hasFields({ required, properties, patternProperties }: Schema, value: object): boolean {
  if (Array.isArray(required) && !required.every((name: string) => Object.hasOwn(value, name))) return false;
  const known = (properties ?? {}) as Readonly<Record<string, Schema>>;
  const [others] = Object.values((patternProperties ?? {}) as Readonly<Record<string, Schema>>);
  return Object.entries(value).every(([name, field]) =>
    matchesChild(Object.hasOwn(known, name) ? known[name] : others, field),
  );
}

const matchesChild = (schema: unknown, value: unknown) =>
  typeof schema !== 'object' || schema === null || matches(schema as Schema, value);

function isOfType(type: string, value: unknown): boolean {
  switch (type) {
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    case 'null':
      return value === null;
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    default:
      return typeof value === type;
  }
}
