import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { type Import, importsOf } from './imports-of.ts';
import { treeFiles } from './tree.ts';

const SCOPE = '@penstock/';

export type Edge = Import & {
  /** The importing file, relative to the root. */
  readonly from: string;
  /** The imported file or, for an import by package name, the package's folder; undefined for external modules. */
  readonly to: string | undefined;
  /** Whether it imports one of our packages by name. */
  readonly throughDoor: boolean;
};

/** Every import of every TypeScript and JavaScript file of the tree. */
export async function sourceGraph(root: string): Promise<Edge[]> {
  const files = await treeFiles(root, '.ts', '.tsx', '.js', '.mjs');
  const edges = await Promise.all(
    files.map(async (file) =>
      importsOf(await readFile(join(root, file), 'utf8')).map((found) => ({
        ...found,
        from: file,
        ...destination(file, found.specifier),
      })),
    ),
  );
  return edges.flat();
}

function destination(
  from: string,
  specifier: string | undefined,
): { readonly to: string | undefined; readonly throughDoor: boolean } {
  if (specifier?.startsWith('.')) {
    return { to: posix.join(posix.dirname(from), specifier), throughDoor: false };
  }
  if (specifier?.startsWith(SCOPE)) {
    const [name = ''] = specifier.slice(SCOPE.length).split('/');
    return { to: name, throughDoor: true };
  }
  return { to: undefined, throughDoor: false };
}

/** Whether `path` is `folder` or inside it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
