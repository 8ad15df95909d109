import type { builtManifest, builtRootManifest } from './manifest.ts';

type LockEntry = {
  readonly link?: boolean;
  readonly resolved?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
};

export type Lock = { readonly packages: Readonly<Record<string, LockEntry>> };

/** The part of a lock file that the built packages need, with the exact versions that were tested. */
export function lockFor(
  lock: Lock,
  root: ReturnType<typeof builtRootManifest>,
  packages: ReadonlyMap<string, ReturnType<typeof builtManifest>>,
): { readonly packages: Readonly<Record<string, object>> } {
  const reached = new Set<string>();
  const queue = [...packages.keys()].flatMap((folder) => [folder, `node_modules/@penstock/${folder}`]);
  for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
    const entry = lock.packages[key];
    if (entry === undefined || reached.has(key)) continue;
    reached.add(key);
    const names = { ...entry.dependencies, ...entry.optionalDependencies, ...entry.peerDependencies };
    for (const name of Object.keys(names)) {
      const found = placeOf(lock, key, name);
      if (found !== undefined) queue.push(found);
    }
  }
  const entries = Object.entries(lock.packages)
    .filter(([key]) => reached.has(key))
    .map(([key, entry]): [string, object] => {
      const manifest = packages.get(key);
      return [key, manifest === undefined ? entry : lockedManifest(manifest)];
    });
  return { ...lock, packages: { '': root, ...Object.fromEntries(entries) } };
}

/** Resolves a dependency as Node does: in the package's own node_modules, then in those of every parent folder. */
function placeOf(lock: Lock, from: string, name: string): string | undefined {
  const parts = from.split('/');
  for (let length = parts.length; length >= 0; length -= 1) {
    const place = [...parts.slice(0, length), 'node_modules', name].join('/');
    if (Object.hasOwn(lock.packages, place)) return place;
  }
  return undefined;
}

function lockedManifest({
  name,
  version,
  license,
  bin,
  dependencies,
  engines,
}: ReturnType<typeof builtManifest>) {
  return {
    name,
    version,
    ...(license === undefined ? {} : { license }),
    ...(dependencies === undefined ? {} : { dependencies }),
    ...(bin === undefined ? {} : { bin }),
    engines,
  };
}
