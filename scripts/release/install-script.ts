import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The install script of a release: packaging/install.sh with its root keys, and where releases are. */
export async function installScript(
  root: string,
  { rootKeys, source }: { readonly rootKeys: readonly string[]; readonly source: string | undefined },
): Promise<string> {
  const text = await readFile(join(root, 'packaging/install.sh'), 'utf8');
  return text
    .replace("root_keys=''", () => `root_keys='${rootKeys.join(' ')}'`)
    .replace("default_source=''", () => `default_source='${source ?? ''}'`);
}
