import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { emptyChunkPool, MAX_CHUNK_BYTES, releaseChunk, takeChunk } from '../src/chunk-pool.ts';

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
  const bound = (64 * MIB) / MAX_CHUNK_BYTES;
  const taken = Array.from({ length: bound }, () => takeChunk(MAX_CHUNK_BYTES));
  for (const memory of taken) releaseChunk({ memory });
  const refused = takeChunk(SMALL);
  releaseChunk({ memory: refused });
  assert.notEqual(takeChunk(SMALL), refused, 'the pool is full');
  takeChunk(MAX_CHUNK_BYTES);
  releaseChunk({ memory: refused });
  assert.equal(takeChunk(SMALL), refused, 'there is room again');
});

test('an emptied pool keeps nothing, and fills again', () => {
  const memory = takeChunk(SMALL);
  releaseChunk({ memory });
  emptyChunkPool();
  assert.notEqual(takeChunk(SMALL), memory);
  releaseChunk({ memory });
  assert.equal(takeChunk(SMALL), memory);
});
