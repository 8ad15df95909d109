import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import {
  emptyChunkPool,
  MAX_CHUNK_BYTES,
  releaseChunk,
  shrinkChunkPool,
  takeChunk,
} from '../src/chunk-pool.ts';

const MIB = 1024 * 1024;
const SMALL = 16 * 1024;

afterEach(emptyChunkPool);

test('buffers are reused, and those of one size are never handed out as another', () => {
  const memory = takeChunk(SMALL);
  releaseChunk({ memory });
  assert.notEqual(takeChunk(MAX_CHUNK_BYTES), memory);
  assert.equal(takeChunk(SMALL), memory);
  assert.notEqual(takeChunk(SMALL), memory, 'it is taken');
});

test('free buffers of all sizes together have a bound, which counts what was taken again', () => {
  const releaseMany = (count: number, size: number) => {
    for (const memory of Array.from({ length: count }, () => takeChunk(size))) releaseChunk({ memory });
  };
  releaseMany((56 * MIB) / MAX_CHUNK_BYTES, MAX_CHUNK_BYTES);
  releaseMany((8 * MIB) / SMALL, SMALL);
  const refused = Buffer.allocUnsafeSlow(SMALL);
  releaseChunk({ memory: refused });
  assert.notEqual(takeChunk(SMALL), refused, 'the pool is full');
  takeChunk(SMALL);
  releaseChunk({ memory: refused });
  assert.equal(takeChunk(SMALL), refused, 'there is room again');
});

test('a pool full of small buffers keeps large ones all the same', () => {
  const small = Array.from({ length: (64 * MIB) / SMALL }, () => takeChunk(SMALL));
  for (const memory of small) releaseChunk({ memory });
  const large = takeChunk(MAX_CHUNK_BYTES);
  releaseChunk({ memory: large });
  assert.equal(takeChunk(MAX_CHUNK_BYTES), large);
});

test('an emptied pool keeps nothing, and fills again', () => {
  const memory = takeChunk(SMALL);
  releaseChunk({ memory });
  emptyChunkPool();
  assert.notEqual(takeChunk(SMALL), memory);
  releaseChunk({ memory });
  assert.equal(takeChunk(SMALL), memory);
});

test('a pool that shrinks frees its memory at once, down to what is in use', () => {
  const chunks = Array.from({ length: (16 * MIB) / MAX_CHUNK_BYTES }, () => takeChunk(MAX_CHUNK_BYTES));
  for (const memory of chunks) releaseChunk({ memory });
  const heldBytes = () => chunks.reduce((sum, { length }) => sum + length, 0);
  shrinkChunkPool(16 * MIB);
  assert.equal(heldBytes(), 16 * MIB);
  shrinkChunkPool(8 * MIB);
  assert.equal(heldBytes(), 8 * MIB);
  shrinkChunkPool(0);
  assert.equal(heldBytes(), MIB);
  const taken = Array.from({ length: 8 }, () => takeChunk(MAX_CHUNK_BYTES));
  assert.ok(taken.every(({ length }) => length === MAX_CHUNK_BYTES));
  assert.equal(taken.filter((chunk) => chunks.includes(chunk)).length, MIB / MAX_CHUNK_BYTES);
});
