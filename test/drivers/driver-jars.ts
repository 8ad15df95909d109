import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { skipBecause, skipWithout } from '../rig/optional.ts';

const SOURCES = join(import.meta.dirname, 'java');

/** The pinned drivers: what pom.xml brings, as file names with the SHA-256 of each. */
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

/** Where `npm run drivers` puts the jars; a cache that outlives `npm ci` can be named instead. */
export const jarDirectory =
  process.env['PENSTOCK_DRIVERS'] ?? join(import.meta.dirname, '../../node_modules/.cache/penstock-drivers');

/** pgjdbc as Debian has it: an old driver is still a driver that people have. */
const DEBIAN_PGJDBC = '/usr/share/java/postgresql.jar';

/** The jars a test's class path is made of. `debian-pgjdbc` stands before no other pgjdbc. */
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

/** The pinned jars of a directory that are missing or have other bytes than the ones we know. */
export function jarsWithFaults(directory: string): string[] {
  return pinnedJars.flatMap(({ file, sha256 }) => {
    const path = join(directory, file);
    if (!existsSync(path)) return [`${file} is missing`];
    const found = createHash('sha256').update(readFileSync(path)).digest('hex');
    return found === sha256 ? [] : [`${file} has SHA-256 ${found}, and not ${sha256}`];
  });
}

/** Copies the jars of pom.xml from the Maven repository this machine is set up for. Throws with Maven's own words. */
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
