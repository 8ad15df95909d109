import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Check } from './check.ts';
import { tokensOf } from './tokens.ts';
import { treeFiles } from './tree.ts';

const ALLOWED = 'transport/src/reset-socket.ts';

export const socketResetsCheck: Check = {
  name: 'socket resets',
  promise: `only ${ALLOWED} resets sockets, as Node leaks one whose FIN is being sent`,
  async run(root) {
    const files = (await treeFiles(root, '.ts')).filter((file) => file !== ALLOWED);
    const problems = await Promise.all(
      files.map(async (file) => resetsIn(file, await readFile(join(root, file), 'utf8'))),
    );
    return { problems: problems.flat() };
  },
};

/** The uses of `resetAndDestroy` in a file. */
export function resetsIn(file: string, source: string): string[] {
  if (!source.includes('resetAndDestroy')) return [];
  return tokensOf(source)
    .filter(({ text }) => text === 'resetAndDestroy')
    .map(({ line }) => `${file}:${line} calls resetAndDestroy: call resetSocket of @penstock/transport`);
}
