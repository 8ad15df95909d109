import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Check } from './check.ts';
import { treeFiles } from './tree.ts';

type Banned = { readonly pattern: RegExp; readonly files: RegExp; readonly instead: string };

/** The words are cut in two, so that this file does not hold what it looks for. */
const word = (...halves: readonly string[]) => new RegExp(`\\b${halves.join('')}\\b`);

const banned: readonly Banned[] = [
  { pattern: word('TO', 'DO'), files: /./, instead: 'finish it, or write an issue' },
  { pattern: word('FIX', 'ME'), files: /./, instead: 'finish it, or write an issue' },
  {
    pattern: word('ts-', '(ignore|nocheck|expect-error)'),
    files: /\.(ts|tsx|js)$/,
    instead: 'give the compiler a type it can follow',
  },
  {
    pattern: word('(test|it|describe)', '\\.(only|todo)'),
    files: /\.test\.ts$/,
    instead: 'run every test, and skip with a reason what the machine has no tool for',
  },
  {
    pattern: word('set', 'Timeout\\(r(es(olve)?)?'),
    files: /\.test\.ts$/,
    instead: 'wait for the event with a deadline (test/rig/eventually.ts), and not for a time',
  },
];

export const bannedTextCheck: Check = {
  name: 'banned text',
  promise: 'nothing is left unfinished, switched off or slept through',
  async run(root) {
    const problems: string[] = [];
    for (const file of await treeFiles(root)) {
      const rules = banned.filter(({ files }) => files.test(file));
      if (rules.length === 0 || file === 'package-lock.json') continue;
      const lines = (await readFile(join(root, file), 'utf8')).split('\n');
      for (const [index, line] of lines.entries()) {
        for (const { pattern, instead } of rules) {
          const [found] = pattern.exec(line) ?? [];
          if (found !== undefined) problems.push(`${file}:${index + 1} has "${found}": ${instead}`);
        }
      }
    }
    return { problems };
  },
};
