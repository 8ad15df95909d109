import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import type { Check } from './check.ts';
import { anchorsOf, withoutCode } from './markdown.ts';
import { treeFiles } from './tree.ts';

const LINK = /\]\(\s*<?([^)>\s]+)>?(?:\s+"[^"]*")?\s*\)/g;

export const linksCheck: Check = {
  name: 'links',
  promise: 'every relative link in the docs resolves to a file and heading',
  async run(root) {
    const problems: string[] = [];
    for (const file of await treeFiles(root, '.md')) {
      const text = await readFile(join(root, file), 'utf8');
      for (const [index, line] of withoutCode(text).split('\n').entries()) {
        for (const [, link = ''] of line.matchAll(LINK)) {
          const problem = await brokenLink(root, file, link);
          if (problem !== undefined) problems.push(`${file}:${index + 1} links to ${link}: ${problem}`);
        }
      }
    }
    return { problems };
  },
};

async function brokenLink(root: string, file: string, link: string): Promise<string | undefined> {
  if (/^[a-z][a-z0-9+.-]*:/i.test(link)) return undefined;
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? file : posix.join(posix.dirname(file), decodeURIComponent(path));
  if (target.startsWith('..')) return 'the target is outside the tree';
  if (!existsSync(join(root, target))) return 'the file does not exist';
  if (anchor === undefined || !target.endsWith('.md')) return undefined;
  const anchors = anchorsOf(await readFile(join(root, target), 'utf8'));
  return anchors.has(anchor) ? undefined : 'the heading does not exist';
}
