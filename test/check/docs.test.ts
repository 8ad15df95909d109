import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareCatalogue } from '../../scripts/check/catalogue.ts';
import { anchorsOf, tableBelow, withoutCode } from '../../scripts/check/markdown.ts';

const MARKDOWN = `
# Title

## Codes

Some words.

| code | number | what to do |
| --- | --- | --- |
| \`A\` | 1 | a \\| b |
| \`B\` | 2 | nothing |

| another | table |
| --- | --- |
| x | y |
`;

test('tableBelow reads the first table below a heading', () => {
  assert.deepEqual(tableBelow(MARKDOWN, 'Codes'), [
    ['`A`', '1', 'a | b'],
    ['`B`', '2', 'nothing'],
  ]);
  assert.deepEqual(tableBelow(MARKDOWN, 'No such heading'), []);
});

test('entries and rows are compared in both directions', () => {
  const compare = (have: readonly string[][], want: readonly string[][]) =>
    compareCatalogue('docs/x.md', have, want);
  const rows = tableBelow(MARKDOWN, 'Codes');
  const expected = [
    ['`A`', '1'],
    ['`B`', '2'],
  ];
  assert.deepEqual(compare(rows, expected), []);
  assert.match(compare(rows, [...expected, ['`C`', '3']])[0] ?? '', /`C` has 0 rows/);
  assert.match(compare(rows, expected.slice(1))[0] ?? '', /`A` has a row but is not in the code/);
  assert.match(
    compare(rows, [
      ['`A`', '9'],
      ['`B`', '2'],
    ])[0] ?? '',
    /says "1", but the code says "9"/,
  );
  assert.match(compare([['`A`', '1', '']], [['`A`', '1']])[0] ?? '', /has an empty cell/);
  assert.match(compare([...rows, ...rows], expected)[0] ?? '', /has 2 rows/);
});

test('code is not treated as text, and headings create anchors', () => {
  assert.equal(withoutCode('a `[x](y)` b\n```\n[x](z)\n```\n[k](l)').replaceAll('\n', ''), 'a  b[k](l)');
  assert.deepEqual(
    [...anchorsOf("# Who may import whom?\n## It's `code`, once\n```\n# no\n```")],
    ['who-may-import-whom', 'its-code-once'],
  );
});
