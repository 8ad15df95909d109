import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Member } from '../../src/fleet/member.ts';
import { NameIndex } from '../../src/fleet/name-index.ts';

const member = (id: string, name: string, more: Partial<Member> = {}): Member => ({
  id,
  name,
  pool: 'dc1',
  enrolledAt: 1,
  identityNotAfter: undefined,
  drainedAt: undefined,
  revokedAt: undefined,
  ...more,
});

const names = (index: NameIndex, cursor = '') => [...index.after(cursor)].map(({ name }) => name);

test('after any changes, names are in order, and a cursor continues after its name', () => {
  const name = fc.constantFrom('a', 'a1', 'b', 'B', 'é', 'z', 'zz');
  const step = fc.record({ name, id: fc.nat(2), action: fc.constantFrom('put', 'delete') });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), name, (steps, cursor) => {
      const index = new NameIndex();
      const known = new Map<string, string>();
      for (const { name: each, id, action } of steps) {
        const key = `${each}/${id}`;
        if (action === 'put') {
          index.put(member(key, each));
          known.set(key, each);
        } else {
          index.delete({ id: key, name: each });
          known.delete(key);
        }
      }
      const expected = [...new Set(known.values())].sort();
      assert.deepEqual(names(index), expected);
      assert.equal(index.size, expected.length);
      assert.deepEqual(
        names(index, cursor),
        expected.filter((each) => each > cursor),
      );
    }),
  );
});

test('names that are added or removed during an iteration neither repeat nor hide others', () => {
  const index = new NameIndex();
  for (const name of ['b', 'd', 'f']) index.put(member(name, name));
  const seen: string[] = [];
  for (const { name } of index.after('')) {
    seen.push(name);
    if (name !== 'd') continue;
    index.put(member('a', 'a'));
    index.put(member('e', 'e'));
    index.delete({ id: 'b', name: 'b' });
    index.delete({ id: 'd', name: 'd' });
  }
  assert.deepEqual(seen, ['b', 'd', 'e', 'f']);
});

test('of several members with one name the enrolled one is listed, then a lost one, then the last revoked one', () => {
  const index = new NameIndex();
  index.put(member('revoked-late', 'a', { revokedAt: 9 }));
  index.put(member('revoked-early', 'a', { revokedAt: 5 }));
  assert.equal(index.get('a')?.id, 'revoked-late');
  index.put(member('lost', 'a', { enrolledAt: undefined }));
  assert.equal(index.get('a')?.id, 'lost');
  index.put(member('enrolled', 'a'));
  assert.equal(index.get('a')?.id, 'enrolled');
  assert.equal(index.size, 1);
});
