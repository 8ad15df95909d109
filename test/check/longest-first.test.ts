import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { findTestFiles } from '../find-test-files.ts';
import { LONG_FILES, longestFirst } from '../longest-first.ts';

test('the long test files exist and start first, in their order, and no other file changes its place', () => {
  const files = findTestFiles(join(import.meta.dirname, '../..'), []);
  const sorted = longestFirst(files);
  assert.deepEqual(sorted.slice(0, LONG_FILES.length), LONG_FILES);
  assert.deepEqual(
    sorted.slice(LONG_FILES.length),
    files.filter((file) => !LONG_FILES.includes(file)),
  );
});
