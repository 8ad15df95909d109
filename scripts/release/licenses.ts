import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export type BundledPackage = {
  readonly name: string;
  readonly version: string;
  readonly license: string | undefined;
  readonly texts: readonly string[];
};

type PackageManifest = { readonly name: string; readonly version: string; readonly license?: string };

/** The packages at folders such as `node_modules/ajv`, with the texts of their licenses. */
export async function readPackages(
  root: string,
  folders: readonly string[],
): Promise<readonly BundledPackage[]> {
  const packages = await Promise.all(
    [...new Set(folders)].map(async (folder) => {
      const path = join(root, folder);
      const manifest = JSON.parse(await readFile(join(path, 'package.json'), 'utf8')) as PackageManifest;
      const names = (await readdir(path)).filter((name) => /^(licen[cs]e|notice|copying)/i.test(name)).sort();
      const texts = await Promise.all(names.map((name) => readFile(join(path, name), 'utf8')));
      const { name, version, license } = manifest;
      return { name, version, license, texts };
    }),
  );
  return packages.sort((a, b) => (`${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1));
}

/** One text with all licenses, as most of them require of copies. */
export function licensesText(packages: readonly BundledPackage[], node: string): string {
  const parts = packages.map(
    ({ name, version, license, texts }) =>
      `${name} ${version}${license === undefined ? '' : ` (${license})`}\n\n${texts.join('\n').trim() || 'No license text is part of the package.'}\n`,
  );
  const rule = `\n${'-'.repeat(100)}\n\n`;
  return ['This program contains the following software.\n', ...parts, `Node.js\n\n${node.trim()}\n`].join(
    rule,
  );
}
