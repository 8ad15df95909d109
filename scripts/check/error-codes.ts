import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { closeCodes, problemCodes } from '@penstock/wire';
import { compareCatalogue } from './catalogue.ts';
import type { Check } from './check.ts';
import { tableBelow } from './markdown.ts';

const DOCUMENT = 'docs/errors.md';

export const errorCodesCheck: Check = {
  name: 'error codes',
  promise: `${DOCUMENT} has a row for every code, and every row is of a code`,
  async run(root) {
    const markdown = await readFile(join(root, DOCUMENT), 'utf8');
    const close = Object.entries(closeCodes).map(([code, { number, retry, sentence }]) => [
      `\`${code}\``,
      String(number),
      retry,
      sentence,
    ]);
    const problem = Object.entries(problemCodes).map(([code, { status, permanent, sentence }]) => [
      `\`${code}\``,
      String(status),
      permanent ? 'no' : 'yes',
      sentence,
    ]);
    return {
      problems: [
        ...compareCatalogue(DOCUMENT, tableBelow(markdown, 'Close codes'), close),
        ...compareCatalogue(DOCUMENT, tableBelow(markdown, 'Problem codes'), problem),
      ],
    };
  },
};
