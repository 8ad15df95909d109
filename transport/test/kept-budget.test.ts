import assert from 'node:assert/strict';
import { test } from 'node:test';
import { farBudget, KeptBudget, nearBudget } from '../src/kept-budget.ts';
import { KeptChunks } from '../src/kept-chunks.ts';

const MIB = 1024 * 1024;

test('a connection may keep what all of them leave free, and something in any case', () => {
  const budget = new KeptBudget(8 * MIB, 48 * MIB);
  const kept = new KeptChunks(budget);
  const keep = (mib: number) => kept.push({ bytes: Buffer.alloc(mib * MIB), memory: undefined });
  assert.equal(kept.limit, 8 * MIB);
  keep(36);
  assert.equal(kept.limit, 8 * MIB);
  keep(7);
  assert.equal(kept.limit, 5 * MIB);
  keep(10);
  assert.equal(kept.limit, MIB);
  kept.clear();
  assert.equal(kept.limit, 8 * MIB);
});

test('what is kept over a long round trip takes nothing from connections nearby, and moves with its connection', () => {
  const kept = new KeptChunks(nearBudget);
  kept.push({ bytes: Buffer.alloc(44 * MIB), memory: undefined });
  assert.deepEqual([nearBudget.limit, farBudget.limit], [4 * MIB, 16 * MIB]);
  kept.charge(farBudget);
  kept.push({ bytes: Buffer.alloc(76 * MIB), memory: undefined });
  assert.deepEqual([nearBudget.limit, farBudget.limit, kept.limit], [8 * MIB, 8 * MIB, 8 * MIB]);
  kept.clear();
  assert.deepEqual([nearBudget.limit, farBudget.limit], [8 * MIB, 16 * MIB]);
});
