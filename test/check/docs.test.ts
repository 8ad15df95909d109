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

test('the table below a heading is read', () => {
  assert.deepEqual(tableBelow(MARKDOWN, 'Codes'), [
    ['`A`', '1', 'a | b'],
    ['`B`', '2', 'nothing'],
  ]);
  assert.deepEqual(tableBelow(MARKDOWN, 'No such heading'), []);
});

test('entries and rows are compared both ways', () => {
  const compare = (have: readonly string[][], want: readonly string[][]) =>
    compareCatalogue('docs/x.md', have, want);
  const rows = tableBelow(MARKDOWN, 'Codes');
  const wanted = [
    ['`A`', '1'],
    ['`B`', '2'],
  ];
  assert.deepEqual(compare(rows, wanted), []);
  assert.match(compare(rows, [...wanted, ['`C`', '3']])[0] ?? '', /`C` has 0 rows/);
  assert.match(compare(rows, wanted.slice(1))[0] ?? '', /`A` has a row, and is not in the code/);
  assert.match(
    compare(rows, [
      ['`A`', '9'],
      ['`B`', '2'],
    ])[0] ?? '',
    /says "1", and the code "9"/,
  );
  assert.match(compare([['`A`', '1', '']], [['`A`', '1']])[0] ?? '', /has an empty cell/);
  assert.match(compare([...rows, ...rows], wanted)[0] ?? '', /has 2 rows/);
});

test('code is no text, and headings make anchors', () => {
  assert.equal(withoutCode('a `[x](y)` b\n```\n[x](z)\n```\n[k](l)').replaceAll('\n', ''), 'a  b[k](l)');
  assert.deepEqual(
    [...anchorsOf("# Who may import whom?\n## It's `code`, once\n```\n# no\n```")],
    ['who-may-import-whom', 'its-code-once'],
  );
});
