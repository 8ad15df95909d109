import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { closeCodes, problemCodes } from '@penstock/wire';
import type { Check } from './check.ts';
import { tableBelow } from './markdown.ts';

const DOCUMENT = 'docs/errors.md';

export const errorCodesCheck: Check = {
  name: 'error codes',
  promise: `${DOCUMENT} has a row for every code, and every row is of a code`,
  async run(root) {
    const markdown = await readFile(join(root, DOCUMENT), 'utf8');
    return {
      problems: [
        ...compare(
          tableBelow(markdown, 'Close codes'),
          Object.entries(closeCodes).map(([code, { number, retry, sentence }]) => [
            `\`${code}\``,
            String(number),
            retry,
            sentence,
          ]),
        ),
        ...compare(
          tableBelow(markdown, 'Problem codes'),
          Object.entries(problemCodes).map(([code, { status, permanent, sentence }]) => [
            `\`${code}\``,
            String(status),
            permanent ? 'no' : 'yes',
            sentence,
          ]),
        ),
      ],
    };
  },
};

/** Both ways: what the code says and the table does not, and the other way round. The last column is advice. */
export function compare(
  rows: readonly (readonly string[])[],
  wanted: readonly (readonly string[])[],
): string[] {
  const problems: string[] = [];
  const codes = new Set(wanted.map(([code]) => code));
  for (const row of rows) {
    if (!codes.has(row[0])) problems.push(`${DOCUMENT}: ${row[0]} is no code of ours`);
  }
  for (const cells of wanted) {
    const [code = ''] = cells;
    const matching = rows.filter(([first]) => first === code);
    const [row] = matching;
    if (row === undefined || matching.length > 1) {
      problems.push(`${DOCUMENT}: ${code} has ${matching.length} rows, and should have one`);
      continue;
    }
    for (const [index, cell] of cells.entries()) {
      if (row[index] !== cell) problems.push(`${DOCUMENT}: ${code} says "${row[index]}", the code "${cell}"`);
    }
    if ((row[cells.length] ?? '') === '') problems.push(`${DOCUMENT}: ${code} does not say what to do`);
  }
  return problems;
}
