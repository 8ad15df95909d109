import type { Type as TypeBox } from 'typebox';

type Used =
  | 'Array'
  | 'Boolean'
  | 'Enum'
  | 'Integer'
  | 'Intersect'
  | 'Literal'
  | 'Number'
  | 'Object'
  | 'Optional'
  | 'Record'
  | 'String'
  | 'Union'
  | 'Unknown'
  | 'Unsafe';

type Schema = Readonly<Record<string, unknown>>;

/** Set, and not enumerable, on properties that an object may lack; the schema itself does not say so. */
const OPTIONAL = Symbol('optional');

const isOptional = (schema: Schema) => Object.hasOwn(schema, OPTIONAL);

const constructors: Readonly<Record<Used, (...parameters: never[]) => unknown>> = {
  Array: (items: Schema, options?: Schema) => ({ type: 'array', items, ...options }),
  Boolean: (options?: Schema) => ({ type: 'boolean', ...options }),
  Enum: (values: readonly unknown[], options?: Schema) => ({ enum: values, ...options }),
  Integer: (options?: Schema) => ({ type: 'integer', ...options }),
  Intersect: (schemas: readonly Schema[], options?: Schema) => ({ allOf: schemas, ...options }),
  Literal: (value: unknown, options?: Schema) => ({ type: typeof value, const: value, ...options }),
  Number: (options?: Schema) => ({ type: 'number', ...options }),
  Object(properties: Readonly<Record<string, Schema>>, options?: Schema) {
    const required = Object.keys(properties).filter((name) => !isOptional(properties[name] ?? {}));
    return { type: 'object', ...(required.length > 0 && { required }), properties, ...options };
  },
  Optional: (schema: Schema) => Object.defineProperty({ ...schema }, OPTIONAL, { value: true }),
  /** With any string as a name, the only key that is used. */
  Record: (_name: Schema, value: Schema, options?: Schema) => ({
    type: 'object',
    patternProperties: { '^.*$': value },
    ...options,
  }),
  String: (options?: Schema) => ({ type: 'string', ...options }),
  Union: (schemas: readonly Schema[], options?: Schema) => ({ anyOf: schemas, ...options }),
  Unknown: (options?: Schema) => ({ ...options }),
  Unsafe: (schema: Schema) => schema,
};

/**
 * The constructors of typebox that we use, with its types: each returns the same JSON Schema. The library itself is 373 modules,
 * which would be half the time of a command; only its declarations are imported.
 */
// Its values also have marks that nothing but the library reads, so the types cannot match.
export const Type = constructors as unknown as Pick<typeof TypeBox, Used>;
