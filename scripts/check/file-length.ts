import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Check } from './check.ts';
import { treeFiles } from './tree.ts';

const WARNING_LINES = 250;
const MAX_LINES = 400;

export const fileLengthCheck: Check = {
  name: 'file length',
  promise: `no TypeScript file is longer than ${MAX_LINES} lines`,
  async run(root) {
    const problems: string[] = [];
    const warnings: string[] = [];
    for (const file of await treeFiles(root, '.ts', '.tsx')) {
      const lines = (await readFile(join(root, file), 'utf8')).split('\n').length - 1;
      const advice = `${file} has ${lines} lines: split it by responsibility`;
      if (lines > MAX_LINES) problems.push(advice);
      else if (lines > WARNING_LINES) warnings.push(advice);
    }
    return { problems, warnings };
  },
};
