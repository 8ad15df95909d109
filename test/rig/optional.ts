import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Set in continuous integration, where a missing tool is a failure rather than a reason to skip. */
export const REQUIRE_ALL = 'PENSTOCK_REQUIRE_ALL';

/**
 * For the `skip` option of a test that needs a program of the machine: returns false if it is installed, otherwise the
 * reason. With PENSTOCK_REQUIRE_ALL=1 it always returns false, so the test runs and fails.
 */
export function skipWithout(program: string): false | string {
  if (isInstalled(program)) return false;
  return skipBecause(`${program} is not installed`);
}

/** The same for any other condition of the machine that a test cannot create itself. */
export function skipBecause(reason: string): false | string {
  return process.env[REQUIRE_ALL] === '1' ? false : reason;
}

export function isInstalled(program: string): boolean {
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return directories.some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
