import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const LEFT_OUT = new Set(['node_modules', 'test', 'package.json', 'tsconfig.json']);
/** Folders and files at the top of a package from which the bundler makes others. */
const BUNDLED = new Set(['app', 'build', 'public', 'index.html']);

/** Copies the files that the compiler does not emit: schemas, plain JavaScript, web pages. */
export async function copyAssets(from: string, to: string): Promise<void> {
  await cp(from, to, {
    recursive: true,
    filter(source) {
      const [, ...parts] = source.slice(from.length).split(/[\\/]/);
      if (BUNDLED.has(parts[0] ?? '') || parts.some((part) => LEFT_OUT.has(part))) return false;
      return !source.endsWith('.ts') || source.endsWith('.d.ts');
    },
  });
  for (const entry of await readdir(join(to, 'bin')).catch(() => [])) {
    const file = join(to, 'bin', entry);
    await writeFile(file, withBuiltImports(await readFile(file, 'utf8')));
  }
}

/** Rewrites imports of .ts files in the bin files: these are plain JavaScript, which the compiler does not process. */
export function withBuiltImports(source: string): string {
  return source.replace(/(['"])(\.{1,2}\/[^'"]+)\.ts\1/g, '$1$2.js$1');
}
