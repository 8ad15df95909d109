import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { copyToChunk, emptyChunkPool, takeChunk } from '../src/chunk-pool.ts';
import { KeptChunks } from '../src/kept-chunks.ts';

const SIZE = 16 * 1024;
const chunk = () => copyToChunk(Buffer.alloc(SIZE));

test('an acknowledged chunk returns to the pool when it has been written', () => {
  emptyChunkPool();
  const kept = new KeptChunks();
  const first = chunk();
  kept.push(first);
  kept.push(chunk());
  kept.acknowledge(SIZE, SIZE);
  assert.equal(takeChunk(SIZE), first.memory);
  kept.clear();
});

test('a chunk that is acknowledged before it has been written does not return to the pool', () => {
  emptyChunkPool();
  const kept = new KeptChunks();
  const first = chunk();
  kept.push(first);
  kept.push(chunk());
  kept.acknowledge(2 * SIZE, SIZE - 1);
  assert.notEqual(takeChunk(SIZE), first.memory);
});

test('chunks of a stream that was lost do not return to the pool', () => {
  emptyChunkPool();
  const kept = new KeptChunks();
  const first = chunk();
  kept.push(first);
  kept.abandon();
  assert.deepEqual([...kept], [first.bytes]);
  kept.acknowledge(SIZE, SIZE);
  assert.notEqual(takeChunk(SIZE), first.memory);
});

test('memory is counted for one connection and for all, and is zero in the end', () => {
  const before = KeptChunks.totalMemory;
  const kept = new KeptChunks();
  const other = new KeptChunks();
  kept.push(copyToChunk(Buffer.alloc(5_000)));
  other.push(copyToChunk(Buffer.alloc(100)));
  // Small chunks share a block.
  other.push(copyToChunk(Buffer.alloc(100)));
  assert.deepEqual([kept.memory, other.memory], [SIZE, SIZE]);
  assert.equal(KeptChunks.totalMemory, before + 2 * SIZE);
  kept.acknowledge(1_000, 5_000);
  assert.equal(kept.bytes, 4_000);
  kept.abandon();
  kept.acknowledge(5_000, 5_000);
  other.clear();
  assert.deepEqual([kept.memory, other.memory, KeptChunks.totalMemory], [0, 0, before]);
});

test('small chunks are kept as they were, wherever they are acknowledged', () => {
  const before = KeptChunks.totalMemory;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 3_000 }), fc.double({ min: 0, max: 1, noNaN: true })), {
        maxLength: 60,
      }),
      (steps) => {
        const kept = new KeptChunks();
        let sent = Buffer.alloc(0);
        let from = 0;
        for (const [size, share] of steps) {
          const bytes = Buffer.from(Array.from({ length: size }, (_, index) => (sent.length + index) % 251));
          kept.push({ bytes, memory: undefined });
          sent = Buffer.concat([sent, bytes]);
          from = Math.max(from, Math.floor(from + share * (sent.length - from)));
          kept.acknowledge(from, sent.length);
          assert.deepEqual([kept.start, kept.end], [from, sent.length]);
          if (share < 0.3) assert.ok(Buffer.concat([...kept]).equals(sent.subarray(from)));
          if (share < 0.1) kept.abandon();
        }
        assert.ok(Buffer.concat([...kept]).equals(sent.subarray(from)));
        kept.acknowledge(sent.length, sent.length);
        assert.equal(kept.memory, 0);
      },
    ),
  );
  assert.equal(KeptChunks.totalMemory, before);
});
