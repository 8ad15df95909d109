import assert from 'node:assert/strict';
import { test } from 'node:test';
import { offsetOfRange, rangeFrom, releaseFileOfPath, releasePath } from '../src/index.ts';

test('a release path names one file and never another directory', () => {
  for (const file of ['latest.json', '1.2.3/release.json', '1.2.3-rc.1/penstock-agent-linux-x64'])
    assert.equal(releaseFileOfPath(releasePath(file)), file);
  for (const file of [
    '',
    '.',
    '..',
    '../keys',
    'a/b',
    '1.2.3/../x',
    '../1.2.3/x',
    '1.2.3//x',
    '1.2.3/a/b',
    '1.2.3/',
    'a%2fb',
    '.hidden',
    'a\\b',
    'a'.repeat(129),
    'a\0',
  ]) {
    assert.equal(releaseFileOfPath(`/v1/releases/${file}`), undefined, file);
  }
});

test('a range has the one supported form', () => {
  assert.equal(offsetOfRange(rangeFrom(12_345)), 12_345);
  assert.equal(offsetOfRange(undefined), 0);
  for (const range of ['bytes=', 'bytes=-5', 'bytes=0-5', 'bytes=1-,3-', 'items=0-', 'bytes=01-', 5]) {
    assert.equal(offsetOfRange(range), undefined, String(range));
  }
});
