import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { releaseAfter } from '../src/after-bulk.ts';
import { emptyChunkPool, MAX_CHUNK_BYTES, releaseChunk, takeChunk } from '../src/chunk-pool.ts';

const MIB = 1024 * 1024;

afterEach(emptyChunkPool);

test('a bulk connection gives back what it needed, half a second after its end', ({ mock }) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const chunks = Array.from({ length: (4 * MIB) / MAX_CHUNK_BYTES }, () => takeChunk(MAX_CHUNK_BYTES));
  for (const memory of chunks) releaseChunk({ memory });
  const heldBytes = () => chunks.reduce((sum, { length }) => sum + length, 0);
  releaseAfter(MIB);
  mock.timers.tick(1_000);
  assert.equal(heldBytes(), 4 * MIB, 'it has moved little');
  releaseAfter(16 * MIB);
  mock.timers.tick(400);
  releaseAfter(16 * MIB);
  assert.equal(heldBytes(), 4 * MIB, 'others may end in the same moment');
  mock.timers.tick(100);
  assert.equal(heldBytes(), MIB);
  const more = Array.from({ length: 8 }, () => takeChunk(MAX_CHUNK_BYTES));
  for (const memory of more) releaseChunk({ memory });
  releaseAfter(16 * MIB);
  mock.timers.tick(500);
  assert.equal(more.filter(({ length }) => length > 0).length, MIB / MAX_CHUNK_BYTES, 'and again');
});
