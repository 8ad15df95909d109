import type { Manifest } from './manifest.ts';

const SCOPE = '@penstock/';

/**
 * The folders of the packages that a program needs, including its own; without a program, of all packages. Throws if the
 * program does not exist.
 */
export function workspacesFor(
  manifests: ReadonlyMap<string, Manifest>,
  program: string | undefined,
): Map<string, Manifest> {
  if (program === undefined) return new Map(manifests);
  const needed = new Set<string>();
  const add = (folder: string): void => {
    const manifest = manifests.get(folder);
    if (manifest === undefined) throw new Error(`Package ${folder} does not exist.`);
    if (needed.has(folder)) return;
    needed.add(folder);
    for (const name of Object.keys(manifest.dependencies ?? {})) {
      if (name.startsWith(SCOPE)) add(name.slice(SCOPE.length));
    }
  };
  add(program);
  return new Map([...manifests].filter(([folder]) => needed.has(folder)));
}
