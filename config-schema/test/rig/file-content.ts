import fc from 'fast-check';
import type { SchemaNode } from '../../src/schema/schema-node.ts';
import { fieldText, type KeyPair } from './field-text.ts';

/** Generates the content of a valid file without references: anything the schema allows. */
export function fileContent(schema: SchemaNode, pair: KeyPair): fc.Arbitrary<unknown> {
  if (schema.type === 'object') return mapping(schema, pair);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.type === 'integer') {
    return fc.integer({ min: schema.minimum ?? 0, max: Math.min(schema.maximum ?? 0, 2 ** 31 - 1) });
  }
  if (schema.type === 'array') {
    const item = fileContent(schema.items ?? {}, pair);
    const bounds = { minLength: schema.minItems ?? 0, maxLength: 4 };
    if (schema.named === true)
      return fc.uniqueArray(item, { ...bounds, selector: (each) => String(nameOf(each)).toLowerCase() });
    return schema.uniqueItems === true ? fc.uniqueArray(item, bounds) : fc.array(item, bounds);
  }
  if (schema.field === undefined) throw new Error('A schema without a type that this generator knows.');
  return fieldText(schema.field, pair);
}

function mapping(schema: SchemaNode, pair: KeyPair): fc.Arbitrary<unknown> {
  const { properties = {}, exactlyOne } = schema;
  const required = (schema.required ?? []).filter((key) => properties[key]?.default === undefined);
  const fields = Object.fromEntries(
    Object.entries(properties).map(([key, below]) => [key, fileContent(below, pair)]),
  );
  if (exactlyOne === undefined) return fc.record(fields, { requiredKeys: required, noNullPrototype: true });
  return fc.constantFrom(...exactlyOne).chain((chosen) => {
    const others = exactlyOne.filter((key) => key !== chosen);
    const kept = Object.fromEntries(Object.entries(fields).filter(([key]) => !others.includes(key)));
    return fc.record(kept, { requiredKeys: [...required, chosen], noNullPrototype: true });
  });
}

function nameOf(thing: unknown): unknown {
  return typeof thing === 'object' && thing !== null && 'name' in thing ? thing.name : undefined;
}
