import { REQUIRED_NODE } from '@penstock/wire/node-version';

/** The fields of a package.json that the build reads; all others are copied unchanged. */
export type Manifest = {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly engines?: Readonly<Record<string, string>>;
};

const engines = { node: `>=${REQUIRED_NODE}` };

/** A package.json whose exports refer to the built files. */
export function builtManifest({ devDependencies: _, ...manifest }: Manifest) {
  return {
    ...manifest,
    engines,
    exports: Object.fromEntries(
      Object.entries(manifest.exports ?? {}).map(([door, file]) => [door, builtDoor(file)]),
    ),
  };
}

function builtDoor(file: string): string | { readonly types: string; readonly default: string } {
  if (!file.endsWith('.ts')) return file;
  return { types: file.replace(/\.ts$/, '.d.ts'), default: file.replace(/\.ts$/, '.js') };
}

/** The package.json of the whole tree, which is only used for installing it. */
export function builtRootManifest(root: Manifest, workspaces: readonly string[]) {
  const { name, version, license } = root;
  return { name, version, private: true, license, type: 'module', workspaces };
}
