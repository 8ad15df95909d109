import { REQUIRED_NODE } from '@penstock/wire/node-version';

/** What the build reads of a package.json; everything else is passed on as it is. */
export type Manifest = {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly engines?: Readonly<Record<string, string>>;
};

const engines = { node: `>=${REQUIRED_NODE}` };

/** A package.json whose doors lead to the built files. */
export function builtManifest(manifest: Manifest) {
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

/** The package.json of the whole tree: only there to be installed from. */
export function builtRootManifest(root: Manifest, workspaces: readonly string[]) {
  const { name, version, license } = root;
  return { name, version, private: true, license, type: 'module', workspaces };
}
