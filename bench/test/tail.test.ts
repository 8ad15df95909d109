import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Tail } from '../load/tail.ts';
import { countIn, TRAILER_BYTES, trailer } from '../load/target-protocol.ts';

test('the trailer is found regardless of how the stream is split into chunks', () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(2 ** 40), cuts, (body, count, sizes) => {
      const stream = Buffer.concat([body, trailer(count)]);
      const tail = new Tail();
      let start = 0;
      for (let turn = 0; start < stream.length; turn++) {
        const size = sizes[turn % sizes.length] ?? 1;
        tail.take(stream.subarray(start, start + size));
        start += size;
      }
      assert.equal(tail.bytes, body.length + TRAILER_BYTES);
      assert.equal(countIn(tail.last), count);
    }),
  );
});
