import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { SourceBuild } from '@penstock/console';
import type { Check } from './check.ts';

const KB = 1000;
/** Gzipped, in bytes. */
const budget = { script: 195 * KB, style: 15 * KB, route: 30 * KB } as const;

type Chunk = {
  readonly file: string;
  readonly css?: readonly string[];
  readonly imports?: readonly string[];
  readonly dynamicImports?: readonly string[];
  readonly isEntry?: boolean;
};

export const consoleBudgetCheck: Check = {
  name: 'console budget',
  promise: `the console builds, and loads at most ${budget.script / KB} KB of script, ${budget.style / KB} KB of style, and ${budget.route / KB} KB for each page`,
  async run(root) {
    const build = new SourceBuild(join(root, 'console'));
    const directory = await build.directory();
    await build.ensure(directory);
    const manifest = JSON.parse(await readFile(join(directory, '.vite/manifest.json'), 'utf8')) as Record<
      string,
      Chunk
    >;
    const size = async (file: string) => gzipSync(await readFile(join(directory, file)), { level: 9 }).length;
    return { problems: await problemsOf(manifest, size) };
  },
};

/** What exceeds the budget in a manifest of Vite. */
export async function problemsOf(
  manifest: Readonly<Record<string, Chunk>>,
  size: (file: string) => Promise<number>,
): Promise<string[]> {
  const [entry] = Object.entries(manifest).find(([, { isEntry }]) => isEntry) ?? [];
  if (entry === undefined) return ['the build has no entry'];
  const first = loadedWith(manifest, entry, new Set());
  const problems: string[] = [];
  const expect = async (what: string, files: Iterable<string>, maximum: number) => {
    let total = 0;
    for (const file of files) total += await size(file);
    if (total > maximum) {
      problems.push(
        `${what}: ${(total / KB).toFixed(1)} KB gzipped, but the budget is ${maximum / KB} KB: load less, or later`,
      );
    }
  };
  await expect('first load, script', filesOf(manifest, first, 'script'), budget.script);
  await expect('first load, style', filesOf(manifest, first, 'style'), budget.style);
  for (const [name, chunk] of Object.entries(manifest)) {
    for (const page of name === entry ? (chunk.dynamicImports ?? []) : []) {
      const own = [...loadedWith(manifest, page, new Set())].filter((each) => !first.has(each));
      const files = [...filesOf(manifest, own, 'script'), ...filesOf(manifest, own, 'style')];
      await expect(page, files, budget.route);
    }
  }
  return problems;
}

/** A chunk and everything that it imports statically. */
function loadedWith(
  manifest: Readonly<Record<string, Chunk>>,
  name: string,
  found: Set<string>,
): Set<string> {
  if (found.has(name)) return found;
  found.add(name);
  for (const each of manifest[name]?.imports ?? []) loadedWith(manifest, each, found);
  return found;
}

function filesOf(
  manifest: Readonly<Record<string, Chunk>>,
  chunks: Iterable<string>,
  kind: 'script' | 'style',
): Set<string> {
  const found = [...chunks].flatMap((name) => {
    const chunk = manifest[name];
    return (kind === 'script' ? [chunk?.file] : (chunk?.css ?? [])) as string[];
  });
  return new Set(found);
}
