import fc from 'fast-check';

/** The supported part of JSON Schema; other keywords only restrict values further. */
export type ValueSchema = {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: ValueSchema;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, ValueSchema>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly ValueSchema[];
};

/** Generates values that are mostly valid for a schema, and sometimes arbitrary. */
export function schemaValue(schema: ValueSchema): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 9, arbitrary: goodValue(schema) }, { weight: 1, arbitrary: anyValue });
}

/**
 * Arbitrary values, including common pitfalls: huge and invalid numbers, prototype keys, control characters, long
 * texts.
 */
const anyValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom<unknown>(
    '',
    ' ',
    '\u0000',
    '../..',
    '%00',
    "' or 1=1 --",
    'x'.repeat(5000),
    -1,
    0,
    1e308,
    null,
    [],
    {},
    { constructor: { prototype: {} } },
  ),
);

function goodValue(schema: ValueSchema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(goodValue));
  const { minimum = 0, maximum = 2 ** 31 - 1 } = schema;
  switch (schema.type) {
    case 'string':
      return goodText(schema);
    case 'integer':
      return fc.integer({ min: minimum, max: Math.min(maximum, 2 ** 31 - 1) });
    case 'number':
      return fc.double({ min: minimum, max: maximum, noNaN: true });
    case 'boolean':
      return fc.boolean();
    case 'array':
      return fc.array(schemaValue(schema.items ?? {}), { maxLength: Math.min(schema.maxItems ?? 4, 4) });
    case 'object':
      return goodObject(schema);
    default:
      return fc.jsonValue();
  }
}

function goodText({ pattern, minLength = 0, maxLength = 64 }: ValueSchema): fc.Arbitrary<string> {
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern, 'u'));
  return fc.string({ minLength, maxLength: Math.min(maxLength, 64), unit: 'grapheme' });
}

function goodObject({ properties = {}, required = [] }: ValueSchema): fc.Arbitrary<unknown> {
  const fields = Object.fromEntries(
    Object.entries(properties).map(([name, field]) => [name, schemaValue(field)]),
  );
  return fc.record(fields, { requiredKeys: required.filter((name) => name in fields) });
}
