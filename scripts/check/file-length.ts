import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Check } from './check.ts';
import { treeFiles } from './tree.ts';

const THINK_AGAIN = 250;
const FAULT = 400;

export const fileLengthCheck: Check = {
  name: 'file length',
  promise: `no TypeScript file is longer than ${FAULT} lines`,
  async run(root) {
    const problems: string[] = [];
    const warnings: string[] = [];
    for (const file of await treeFiles(root, '.ts', '.tsx')) {
      const lines = (await readFile(join(root, file), 'utf8')).split('\n').length - 1;
      const advice = `${file} has ${lines} lines: which two things does it hold?`;
      if (lines > FAULT) problems.push(advice);
      else if (lines > THINK_AGAIN) warnings.push(advice);
    }
    return { problems, warnings };
  },
};
