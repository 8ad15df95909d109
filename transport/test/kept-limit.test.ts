import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeptChunks } from '../src/kept-chunks.ts';
import { maxKeptBytes } from '../src/kept-limit.ts';

const MIB = 1024 * 1024;

test('a connection may keep what all of them leave free, more over a long round trip, and something in any case', () => {
  assert.equal(KeptChunks.totalMemory, 0);
  assert.equal(maxKeptBytes(false), 8 * MIB);
  assert.equal(maxKeptBytes(true), 16 * MIB);
  const kept = new KeptChunks();
  const keep = (mib: number) => kept.push({ bytes: Buffer.alloc(mib * MIB), memory: undefined });
  keep(36);
  assert.equal(maxKeptBytes(false), 8 * MIB);
  keep(7);
  assert.equal(maxKeptBytes(false), 5 * MIB);
  assert.equal(maxKeptBytes(true), 16 * MIB);
  keep(26);
  assert.equal(maxKeptBytes(false), MIB);
  keep(50);
  assert.equal(maxKeptBytes(true), 9 * MIB);
  keep(20);
  assert.equal(maxKeptBytes(true), MIB);
  kept.clear();
  assert.equal(maxKeptBytes(true), 16 * MIB);
});
