import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from '@penstock/json-schema';
import { Type as TypeBox } from 'typebox';

/** The same schemas by either library. */
function schemasOf(of: typeof Type): Readonly<Record<string, unknown>> {
  const name = of.String({ pattern: '^a', description: 'A name.' });
  const member = of.Object(
    {
      name,
      age: of.Optional(of.Integer({ minimum: 0 })),
      tags: of.Optional(of.Array(of.String(), { maxItems: 2 })),
    },
    { additionalProperties: false },
  );
  return {
    member,
    nothing: of.Object({}),
    onlyOptional: of.Object({ one: of.Optional(of.Unknown()) }),
    shared: of.Object({ again: member.properties.age, ...member.properties }),
    described: of.Optional(of.Object({ ...member.properties }, { description: 'Again.' })),
    kind: of.Enum(['a', 'b'], { default: 'a' }),
    ratio: of.Number({ maximum: 1 }),
    flag: of.Boolean({ default: true }),
    word: of.Literal('ok', { title: 'Word' }),
    number: of.Literal(1),
    either: of.Union([of.Literal('ok'), of.Literal(false)], { description: 'Either.' }),
    both: of.Intersect([member, of.Object({ more: of.Boolean() })]),
    counts: of.Record(of.String({ maxLength: 64 }), of.Integer(), { description: 'Counts.' }),
    anything: of.Unknown({ description: 'Anything.' }),
    unsafe: of.Unsafe<'x'>({ enum: ['x'] }),
  };
}

test('each constructor returns the JSON Schema of typebox, in the same order', () => {
  const ours = schemasOf(Type);
  assert.equal(JSON.stringify(ours, null, 1), JSON.stringify(schemasOf(TypeBox), null, 1));
  assert.equal(Object.keys(ours).length, 15);
});
