import assert from 'node:assert/strict';
import { constants, PerformanceObserver } from 'node:perf_hooks';
import { afterEach, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { eventually } from '../../test/rig/eventually.ts';
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

test('buffers that a bulk connection was read into are collected after its end', async ({ mock }) => {
  const bufferBytes = () => process.memoryUsage().arrayBuffers;
  const collections: unknown[] = [];
  const observer = new PerformanceObserver((list) => {
    collections.push(...list.getEntries().map((entry) => (entry as { detail?: unknown }).detail));
  });
  observer.observe({ entryTypes: ['gc'] });
  const before = bufferBytes();
  assert.equal(Array.from({ length: 256 }, () => Buffer.allocUnsafeSlow(64 * 1024)).length, 256);
  mock.timers.enable({ apis: ['setTimeout'] });
  releaseAfter(16 * MIB);
  mock.timers.tick(500);
  mock.timers.reset();
  // V8 may collect by itself as well, and would in the end.
  const requested = {
    kind: constants.NODE_PERFORMANCE_GC_MINOR,
    flags: constants.NODE_PERFORMANCE_GC_FLAGS_FORCED,
  };
  await eventually('a collection that was requested', () =>
    collections.some((each) => isDeepStrictEqual(each, requested)),
  );
  observer.disconnect();
  await eventually('their memory to be freed', () => bufferBytes() - before < 4 * MIB);
});
