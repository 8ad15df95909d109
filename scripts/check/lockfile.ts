import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Check } from './check.ts';

export const lockfileCheck: Check = {
  name: 'lock file',
  promise: 'package-lock.json contains no registry URLs, so it works with any registry',
  async run(root) {
    const lines = (await readFile(join(root, 'package-lock.json'), 'utf8')).split('\n');
    const problems = lines.flatMap((line, index) =>
      /"resolved": "\w+:/.test(line)
        ? [`package-lock.json:${index + 1} ${line.trim()} (install with --omit-lockfile-registry-resolved)`]
        : [],
    );
    return { problems };
  },
};
