import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run.ts';

/** A package whose files are part of a release. What is built must not depend on what a registry answers. */
export type PinnedPackage = {
  readonly package: string;
  readonly version: string;
  readonly integrity: string;
};

/**
 * The folder with files of an npm package, which is downloaded once into `cache`. Throws if it is not the package of that
 * integrity, or lacks a file.
 */
export async function npmFiles(
  { package: name, version, integrity }: PinnedPackage,
  files: readonly string[],
  cache: string,
): Promise<string> {
  const folder = join(cache, `${name}-${version}`);
  const content = join(folder, 'package');
  if (files.every((file) => existsSync(join(content, file)))) return content;
  const partial = `${folder}.${process.pid}.part`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  const specifier = `${name}@${version}`;
  await run('npm', ['pack', '--silent', '--pack-destination', partial, specifier], { cwd: partial });
  const archive = join(partial, `${name}-${version}.tgz`);
  const found = `sha512-${createHash('sha512')
    .update(await readFile(archive))
    .digest('base64')}`;
  if (found !== integrity) {
    throw new Error(`${specifier} has the integrity ${found}, and this release expects ${integrity}.`);
  }
  const members = files.map((file) => `package/${file}`);
  await run('tar', ['--extract', '--gzip', '--file', archive, '--directory', partial, ...members]);
  await rm(archive);
  await rm(folder, { recursive: true, force: true });
  await rename(partial, folder);
  return content;
}
