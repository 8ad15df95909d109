import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const DOCS = join(import.meta.dirname, '..', '..', 'docs');
const SHOWN_BY = /\[`([^`]+)`\]\(([^)]+)\)((?: `[a-z-]+`,?)*)/g;

test('every failure of docs/rollouts.md is shown by tests that exist under these names', () => {
  const text = readFileSync(join(DOCS, 'rollouts.md'), 'utf8');
  const rows = text
    .slice(text.indexOf('\n## Failures\n'))
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(2);
  // A table that is not found, or not read to its end, has no failures to show.
  assert.ok(rows.length >= 29, `${rows.length} rows`);
  for (const row of rows) {
    const shown = [...row.matchAll(SHOWN_BY)];
    assert.ok(shown.length > 0, row);
    for (const [, name = '', file = '', cases = ''] of shown) {
      const source = readFileSync(join(DOCS, file), 'utf8');
      // Of a long run, the cases are named.
      const names = name === 'rollout:test' ? [...cases.matchAll(/[a-z-]+/g)].map(String) : [name];
      assert.ok(names.length > 0, row);
      for (const each of names) assert.ok(source.includes(each), `${file} has no ${each}.`);
    }
  }
});
