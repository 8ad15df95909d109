import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasShape, Type } from '@penstock/json-schema';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';

const member = Type.Object(
  {
    name: Type.String({ maxLength: 3 }),
    age: Type.Optional(Type.Integer()),
    ratio: Type.Optional(Type.Number()),
  },
  { additionalProperties: false },
);
const page = Type.Object({
  items: Type.Array(Type.Intersect([member, Type.Object({ isOn: Type.Boolean() })]), { maxItems: 1 }),
  outcome: Type.Union([Type.Literal('ok'), Type.Integer()]),
  counts: Type.Record(Type.String(), Type.Integer()),
  state: Type.Optional(Type.Enum(['a', 'b'])),
  rest: Type.Optional(Type.Unknown()),
});
const good = { items: [{ name: 'a', age: 1, isOn: true }], outcome: 'ok', counts: { x: 1 }, state: 'a' };

test('a value with the types and the required fields matches, whatever a newer program added to it', () => {
  const newer = {
    ...good,
    items: [...good.items, { name: 'longer', ratio: 0.5, isOn: false, more: 1 }],
    outcome: 'other',
    state: 'c',
    more: [],
  };
  for (const value of [good, newer, { ...good, outcome: 7, rest: null }]) assert.ok(hasShape(page, value));
});

test('a value that lacks a field, or has one of another type, does not match', () => {
  const bad = [
    undefined,
    null,
    [],
    'text',
    {},
    { ...good, items: {} },
    { ...good, items: [{ name: 'a' }] },
    { ...good, items: [{ isOn: true }] },
    { ...good, items: [{ name: 1, isOn: true }] },
    { ...good, items: [{ name: 'a', age: 1.5, isOn: true }] },
    { ...good, items: [null] },
    { ...good, outcome: 1.5 },
    { ...good, outcome: null },
    { ...good, counts: { x: '1' } },
    { ...good, counts: [] },
    { ...good, counts: 1 },
  ];
  for (const value of bad) assert.ok(!hasShape(page, value), JSON.stringify(value));
  assert.equal(bad.length, 16);
  // A name of the prototype is not a field.
  assert.ok(!hasShape(Type.Object({ toString: Type.Unknown() }), {}));
});

test('whatever a full validator accepts has the shape', () => {
  const validate = new Ajv2020({ strict: false }).compile(page);
  const field = fc.oneof(
    fc.constantFrom('ok', 'a', 'b', 1, 2, 0.5, true, null),
    fc.dictionary(fc.string({ maxLength: 2 }), fc.integer()),
    fc.array(fc.record({ name: fc.string({ maxLength: 3 }), isOn: fc.boolean() }, { requiredKeys: [] }), {
      maxLength: 2,
    }),
  );
  const value = fc.record(
    { items: field, outcome: field, counts: field, state: field, rest: field },
    { requiredKeys: ['items', 'outcome', 'counts'] },
  );
  fc.assert(
    fc.property(value, (any) => {
      if (validate(any)) assert.ok(hasShape(page, any));
    }),
  );
});
