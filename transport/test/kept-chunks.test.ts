import assert from 'node:assert/strict';
import { test } from 'node:test';
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
  assert.deepEqual([kept.memory, other.memory], [SIZE, 100]);
  assert.equal(KeptChunks.totalMemory, before + SIZE + 100);
  kept.acknowledge(1_000, 5_000);
  assert.equal(kept.bytes, 4_000);
  kept.abandon();
  kept.acknowledge(5_000, 5_000);
  other.clear();
  assert.deepEqual([kept.memory, other.memory, KeptChunks.totalMemory], [0, 0, before]);
});
