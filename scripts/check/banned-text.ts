import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Check } from './check.ts';
import { treeFiles } from './tree.ts';

type Banned = { readonly pattern: RegExp; readonly files: RegExp; readonly instead: string };

/** Matches a word given in parts, so that this file does not contain the words it searches for. */
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
    instead: 'run every test; skip, with a reason, only what needs a tool that is not installed',
  },
  {
    pattern: word('set', 'Timeout\\(r(es(olve)?)?'),
    files: /\.test\.ts$/,
    instead: 'wait for the event with a deadline (test/rig/eventually.ts) instead of a fixed time',
  },
];

export const bannedTextCheck: Check = {
  name: 'banned text',
  promise: 'no text marks unfinished work, disables the compiler or a test, or waits for a fixed time',
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
