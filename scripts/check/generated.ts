import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generatedFiles } from '../generated-files.ts';
import type { Check } from './check.ts';

export const generatedCheck: Check = {
  name: 'generated files',
  promise: 'generated files are up to date',
  async run(root) {
    const problems: string[] = [];
    for (const { path, content } of await generatedFiles()) {
      const found = await readFile(join(root, path), 'utf8').catch(() => undefined);
      if (found !== content)
        problems.push(`${path} is ${found === undefined ? 'missing' : 'stale'}. Run npm run generate`);
    }
    return { problems };
  },
};
