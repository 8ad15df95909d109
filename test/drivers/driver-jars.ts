import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { skipBecause, skipWithout } from '../rig/optional.ts';

const SOURCES = join(import.meta.dirname, 'java');

/** The pinned drivers of pom.xml, as file names with their SHA-256 hashes. */
export const pinnedJars: readonly { readonly file: string; readonly sha256: string }[] = readFileSync(
  join(SOURCES, 'checksums.sha256'),
  'utf8',
)
  .trim()
  .split('\n')
  .map((line) => {
    const [sha256 = '', file = ''] = line.split(/\s+/);
    return { file, sha256 };
  });

/** Where `npm run drivers` stores the jars. Can be set to a cache that is kept across `npm ci`. */
export const jarDirectory =
  process.env['PENSTOCK_DRIVERS'] ?? join(import.meta.dirname, '../../node_modules/.cache/penstock-drivers');

/** pgjdbc as packaged by Debian, because older drivers are still in use. */
const DEBIAN_PGJDBC = '/usr/share/java/postgresql.jar';

/** The jars on a test's class path. `debian-pgjdbc` is never combined with another pgjdbc. */
export type DriverSet = 'pinned' | 'debian-pgjdbc';

export function classPathOf(drivers: DriverSet): string {
  const jars = pinnedJars.map(({ file }) => join(jarDirectory, file));
  if (drivers === 'pinned') return jars.join(delimiter);
  return [DEBIAN_PGJDBC, ...jars.filter((jar) => !jar.includes('postgresql-'))].join(delimiter);
}

/** For the `skip` option of a test that runs JDBC drivers. */
export function skipWithoutJdbc(drivers: DriverSet = 'pinned'): false | string {
  if (drivers === 'debian-pgjdbc' && !existsSync(DEBIAN_PGJDBC)) {
    return skipBecause("Debian's libpostgresql-jdbc-java is not installed");
  }
  if (!pinnedJars.every(({ file }) => existsSync(join(jarDirectory, file)))) {
    return skipBecause('the JDBC drivers are not there; npm run drivers fetches them');
  }
  return skipWithout('java') || skipWithout('javac');
}

/** Returns the pinned jars that are missing from a directory or do not match their hash. */
export function jarsWithFaults(directory: string): string[] {
  return pinnedJars.flatMap(({ file, sha256 }) => {
    const path = join(directory, file);
    if (!existsSync(path)) return [`${file} is missing`];
    const found = createHash('sha256').update(readFileSync(path)).digest('hex');
    return found === sha256 ? [] : [`${file} has SHA-256 ${found}, and not ${sha256}`];
  });
}

/** Downloads the jars of pom.xml from the Maven repository configured on this machine. Throws with Maven's output. */
export function copyJars(directory: string): void {
  const { status, stdout, stderr, error } = spawnSync(
    'mvn',
    [
      '--batch-mode',
      '--quiet',
      `--file=${join(SOURCES, 'pom.xml')}`,
      'dependency:copy-dependencies',
      `-DoutputDirectory=${directory}`,
    ],
    { encoding: 'utf8', timeout: 5 * 60_000 },
  );
  if (status !== 0) throw new Error(`mvn failed: ${error?.message ?? `${stdout}${stderr}`.trim()}`);
}
