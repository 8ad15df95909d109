import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** What an agent consists of. */
const WORKSPACES = [
  'agent',
  'config-schema',
  'json-schema',
  'observe',
  'release',
  'runtime',
  'services',
  'terminal',
  'transport',
  'updater',
  'wire',
] as const;

const ROOT = join(import.meta.dirname, '..', '..');

export type TreeOptions = {
  readonly version: string;
  readonly rootKeys: readonly string[];
  /** Where the host has this tree, whose dependencies are used. */
  readonly treeInHost: string;
};

/**
 * The sources of another release: this tree with another version and the root keys of a test's publisher. Returns nothing that a
 * host could use without `treeInHost`.
 */
export function makeVersionTree(directory: string, { version, rootKeys, treeInHost }: TreeOptions): void {
  for (const workspace of WORKSPACES) {
    cpSync(join(ROOT, workspace), join(directory, workspace), {
      recursive: true,
      filter: (path) => !['node_modules', 'test'].includes(basename(path)),
    });
  }
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}\n');
  const modules = join(directory, 'node_modules');
  mkdirSync(join(modules, '@penstock'), { recursive: true });
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (name !== '@penstock' && !name.startsWith('.'))
      symlinkSync(join(treeInHost, 'node_modules', name), join(modules, name));
  }
  for (const workspace of WORKSPACES)
    symlinkSync(join('../..', workspace), join(modules, '@penstock', workspace));
  writeFileSync(
    join(directory, 'wire/src/version.ts'),
    `export const PROTOCOL_VERSION = 1;\nexport const SOFTWARE_VERSION = '${version}';\n`,
  );
  const facts = { commit: undefined, date: undefined, sequence: 1, rootKeys };
  writeFileSync(
    join(directory, 'release/src/build-facts.ts'),
    `export type BuildFacts = { readonly commit: string | undefined; readonly date: string | undefined; readonly sequence: number; readonly rootKeys: readonly string[] };\n` +
      `export const buildFacts: BuildFacts = { commit: undefined, date: undefined, ...${JSON.stringify(facts)} };\n`,
  );
}
