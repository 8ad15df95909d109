import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { npmFiles } from './npm-files.ts';
import { NODE_VERSION, type Platform } from './platforms.ts';

export type NodeFiles = { readonly binary: string; readonly license: string };

/** Node for a platform, from its npm package. */
export async function nodeFor(
  { package: name, binary, integrity }: Platform,
  cache: string,
): Promise<NodeFiles> {
  // The package for Windows has no license; it is the same for all.
  const license = binary.endsWith('.exe') ? [] : ['LICENSE'];
  const folder = await npmFiles(
    { package: name, version: NODE_VERSION, integrity },
    [binary, ...license],
    cache,
  );
  await chmod(join(folder, binary), 0o755);
  return { binary: join(folder, binary), license: join(folder, 'LICENSE') };
}
