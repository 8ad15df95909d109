import { join, win32 } from 'node:path';

export type ProgramName = 'penstock-agent' | 'penstock-gateway';

/** Where the programs are on a host, and how pointers lead to them. */
export type Layout = {
  /** `versions/X/PROGRAM`, and the two pointers. Only root can write here. */
  readonly home: string;
  readonly versions: string;
  /** Leads to the version that services run. */
  readonly current: string;
  /** Leads to the last version that has proved itself. The updater runs from it, so a broken version cannot stop it. */
  readonly stable: string;
  /** State of the updater. Everybody can read it, only root can write it. */
  readonly updater: string;
  /** Directory in which the updater publishes its current problem; in memory (tmpfs) where the host has such. */
  readonly updaterRuntime: string;
  /** A pointer is a symbolic link to the folder of a version, or a folder with hard links to the programs of a version. */
  readonly pointers: 'symbolic-links' | 'hard-links';
  /** Of the names of executables. */
  readonly suffix: '' | '.exe';
};

export type SystemdLayout = Layout & { readonly units: string; readonly credentials: string };

/** `root` is `/`, or the folder that stands for it. */
export function layoutBelow(root: string): SystemdLayout {
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
    pointers: 'symbolic-links',
    suffix: '',
  };
}

/** As units name the same places. */
export const hostLayout: SystemdLayout = layoutBelow('/');

type Environment = Readonly<Record<string, string | undefined>>;

/** A Windows, whose variables say where its folders are. */
export function windowsLayout({ ProgramFiles }: Environment): Layout {
  const home = win32.join(ProgramFiles ?? String.raw`C:\Program Files`, 'Penstock');
  // Not in ProgramData, where every user may own the folder above it, and exchange it.
  const updater = win32.join(home, 'updater');
  return {
    home,
    versions: win32.join(home, 'versions'),
    current: win32.join(home, 'current'),
    stable: win32.join(home, 'stable'),
    updater,
    updaterRuntime: updater,
    pointers: 'hard-links',
    suffix: '.exe',
  };
}

/** The layout of the host that this process runs on. */
export const layoutOf = (platform: NodeJS.Platform, environment: Environment): Layout =>
  platform === 'win32' ? windowsLayout(environment) : hostLayout;

/** The executable of a program in the folder of a version, or behind a pointer. */
export const executableOf = (layout: Pick<Layout, 'suffix'>, folder: string, program: ProgramName): string =>
  join(folder, `${program}${layout.suffix}`);
