import { join } from 'node:path';

export type ProgramName = 'penstock-agent' | 'penstock-gateway';

/** Where the programs are on a host. `root` is `/`, or the folder that stands for it. */
export type Layout = {
  /** `versions/X/PROGRAM`, and the two pointers. Only root can write here. */
  readonly home: string;
  readonly versions: string;
  /** A link to the version that services run. */
  readonly current: string;
  /** A link to the last version that has proved itself. The updater runs from it, so a broken version cannot stop it. */
  readonly stable: string;
  readonly units: string;
  readonly credentials: string;
  /** State of the updater. Everybody can read it, only root can write it. */
  readonly updater: string;
  /** Runtime directory (tmpfs) in which the updater publishes its current problem. */
  readonly updaterRuntime: string;
};

export function layoutBelow(root: string): Layout {
  const home = join(root, 'opt/penstock');
  return {
    home,
    versions: join(home, 'versions'),
    current: join(home, 'current'),
    stable: join(home, 'stable'),
    units: join(root, 'etc/systemd/system'),
    credentials: join(root, 'etc/credstore'),
    updater: join(root, 'var/lib/penstock-updater'),
    updaterRuntime: join(root, 'run/penstock-updater'),
  };
}

/** As units name the same places. */
export const hostLayout: Layout = layoutBelow('/');
