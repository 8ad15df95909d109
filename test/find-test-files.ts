import { globSync } from 'node:fs';

const PATTERNS = ['test/**/*.test.ts', '*/test/**/*.test.ts'];

/** Test files below `root`, sorted; with filters, those whose path holds one of them. */
export function findTestFiles(root: string, filters: readonly string[]): string[] {
  return globSync(PATTERNS, {
    cwd: root,
    exclude: (path) => ['node_modules', 'dist', '.git'].some((name) => path.split('/').includes(name)),
  })
    .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
    .sort();
}
