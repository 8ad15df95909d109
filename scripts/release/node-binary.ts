import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { NODE_VERSION, type Platform } from './platforms.ts';
import { run } from './run.ts';

/**
 * The binary of Node for a platform, from its npm package, which is downloaded once into `cache`. Throws if the package is
 * not the one whose integrity is in platforms.ts.
 */
export async function nodeBinary(platform: Platform, cache: string): Promise<string> {
  const folder = join(cache, `node-${NODE_VERSION}-${platform.name}`);
  const binary = join(folder, 'package', platform.binary);
  if (existsSync(binary)) return binary;
  const partial = `${folder}.${process.pid}.part`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  const specifier = `${platform.package}@${NODE_VERSION}`;
  await run('npm', ['pack', '--silent', '--pack-destination', partial, specifier], { cwd: partial });
  const archive = join(partial, `${platform.package}-${NODE_VERSION}.tgz`);
  const integrity = `sha512-${createHash('sha512')
    .update(await readFile(archive))
    .digest('base64')}`;
  if (integrity !== platform.integrity) {
    throw new Error(
      `${specifier} has the integrity ${integrity}, and platforms.ts expects ${platform.integrity}.`,
    );
  }
  const wanted = [`package/${platform.binary}`, 'package/LICENSE', 'package/package.json'];
  const listed = (await run('tar', ['--list', '--gzip', '--file', archive])).split('\n');
  await run('tar', [
    ...['--extract', '--gzip', '--file', archive, '--directory', partial],
    ...wanted.filter((file) => listed.includes(file)),
  ]);
  await chmod(join(partial, 'package', platform.binary), 0o755);
  await rm(archive);
  await rm(folder, { recursive: true, force: true });
  await rename(partial, folder);
  return binary;
}
