import type { Manifest } from './manifest.ts';

const SCOPE = '@penstock/';

/**
 * The packages a program needs, itself included, by folder; all of them without a program. Throws when there is
 * no such program.
 */
export function workspacesFor(
  manifests: ReadonlyMap<string, Manifest>,
  program: string | undefined,
): Map<string, Manifest> {
  if (program === undefined) return new Map(manifests);
  const needed = new Set<string>();
  const add = (folder: string): void => {
    const manifest = manifests.get(folder);
    if (manifest === undefined) throw new Error(`There is no package ${folder}.`);
    if (needed.has(folder)) return;
    needed.add(folder);
    for (const name of Object.keys(manifest.dependencies ?? {})) {
      if (name.startsWith(SCOPE)) add(name.slice(SCOPE.length));
    }
  };
  add(program);
  return new Map([...manifests].filter(([folder]) => needed.has(folder)));
}
