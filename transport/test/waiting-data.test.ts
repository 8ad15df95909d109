import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { WaitingData } from '../src/waiting-data.ts';

test('whatever is put in comes out in order', () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant('push' as const), bytes: fc.integer({ min: 1, max: 3_000 }) }),
    fc.record({ do: fc.constantFrom('shift' as const, 'takeAll' as const) }),
  );
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const data = new WaitingData();
      const [put, taken] = [[] as Buffer[], [] as Buffer[]];
      for (const [index, each] of steps.entries()) {
        if (each.do === 'push') {
          const bytes = Buffer.alloc(each.bytes, `${index} `);
          put.push(bytes);
          data.push(bytes);
          continue;
        }
        const bytes = data[each.do]();
        assert.equal(bytes === undefined, Buffer.concat(put).length === Buffer.concat(taken).length);
        if (bytes !== undefined) taken.push(bytes);
        assert.equal(data.length, Buffer.concat(put).length - Buffer.concat(taken).length);
      }
      taken.push(data.takeAll() ?? Buffer.alloc(0));
      assert.equal(Buffer.concat(taken).equals(Buffer.concat(put)), true);
      assert.equal(data.length, 0);
    }),
  );
});

test('many small pieces become few', () => {
  const data = new WaitingData();
  for (let count = 0; count < 200_000; count += 1) data.push(Buffer.of(1));
  let pieces = 0;
  while (data.shift() !== undefined) pieces += 1;
  assert.equal(pieces, Math.ceil(200_000 / 16_384));
});

test('pieces of alternating sizes take little more memory than their bytes', () => {
  const data = new WaitingData();
  const [small, large] = [Buffer.of(1), Buffer.alloc(1024)];
  for (let count = 0; count < 1_000; count += 1) {
    data.push(small);
    data.push(large);
  }
  const memory = new Map<ArrayBufferLike, number>();
  for (let piece = data.shift(); piece !== undefined; piece = data.shift())
    memory.set(piece.buffer, piece.buffer.byteLength);
  memory.delete(large.buffer);
  const bytes = [...memory.values()].reduce((sum, each) => sum + each, 0);
  // Those of small pieces share blocks.
  assert.equal(bytes < 200_000, true, `${bytes} bytes`);
});

test('a small piece does not keep what it was received in, nor change with it', () => {
  const data = new WaitingData();
  const received = Buffer.alloc(16_384, 'a');
  data.push(received.subarray(0, 10));
  received.fill('b');
  assert.equal(String(data.shift()), 'a'.repeat(10));
});
