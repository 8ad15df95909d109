import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { dieWithUs } from './children.ts';
import { eventually } from './eventually.ts';
import { isInstalled, skipBecause, skipWithout } from './optional.ts';

export type BootOptions = {
  /** Folders of this machine to mount in the host, read-only, by their path there. */
  readonly share?: Readonly<Record<string, string>>;
  /** Size of the disk, on top of the files of this machine. */
  readonly diskBytes?: number;
};

export type HostCommand = {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

const ROOT = '/';
/** Folders that would start services of this machine. They are empty in the host. */
const EMPTIED = ['etc/systemd/system', 'etc/init.d', 'etc/cron.d', 'etc/xdg/autostart'];
const RUN_LEVELS = ['0', '1', '2', '3', '4', '5', '6', 'S'].map((level) => `etc/rc${level}.d`);
const BOOT_TIMEOUT_MS = 60_000;
/** Each look at a host starts programs. */
const LOOK_MS = 250;
const WAIT_TIMEOUT_MS = 60_000;
const COMMAND_TIMEOUT_MS = 180_000;
const HOST_ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8', HOME: '/root' };

/** Why a host cannot be booted here. Namespaces and mounts cannot be installed, so their absence is always a reason. */
export function skipWithoutBoot(): false | string {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root on Linux can boot a host';
  if (!isInstalled('systemd-nspawn')) return skipWithout('systemd-nspawn');
  if (!existsSync('/usr/lib/systemd/systemd')) return skipBecause('systemd is not installed');
  canMount ??= probeMounts();
  return canMount;
}

let canMount: false | string | undefined;

function probeMounts(): false | string {
  try {
    const disk = mountDisk(16 * 1024 * 1024);
    unmountDisk(disk);
  } catch {
    return 'an overlay of the root file system cannot be mounted here';
  }
  return spawnSync('unshare', ['--mount', '--pid', '--fork', 'true']).status === 0
    ? false
    : 'namespaces cannot be created here';
}

/**
 * A host with a real systemd, booted by systemd-nspawn: the files of this machine, with everything that is written kept on a disk
 * in memory, none of its services, and its network. Disposing stops it and discards the disk.
 */
export class BootedHost implements AsyncDisposable {
  /** Its file system, as seen from outside. */
  readonly root: string;
  readonly #disk: string;
  readonly #options: BootOptions;
  #child: ChildProcess | undefined;
  #leader = 0;

  private constructor(disk: string, options: BootOptions) {
    this.#disk = disk;
    this.#options = options;
    this.root = join(disk, 'root');
  }

  static async boot(options: BootOptions = {}): Promise<BootedHost> {
    const host = new BootedHost(mountDisk(options.diskBytes ?? 512 * 1024 * 1024), options);
    try {
      for (const folder of [...EMPTIED, ...RUN_LEVELS]) {
        rmSync(join(host.root, folder), { recursive: true, force: true });
        mkdirSync(join(host.root, folder), { recursive: true });
      }
      // It must not take itself for this machine, nor mount its disks.
      writeFileSync(join(host.root, 'etc/machine-id'), '');
      rmSync(join(host.root, 'etc/fstab'), { force: true });
      for (const path of Object.keys(options.share ?? {})) {
        mkdirSync(join(host.root, path), { recursive: true });
      }
      await host.start();
      return host;
    } catch (error) {
      await host[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Boots it, after `powerCut` or `shutDown`. */
  async start(): Promise<void> {
    const binds = Object.entries(this.#options.share ?? {}).map(
      ([path, from]) => `--bind-ro=${from}:${path}`,
    );
    const child = spawn(
      'systemd-nspawn',
      [
        ...['--quiet', '--register=no', '--keep-unit', '--console=pipe', '--boot'],
        ...[`--directory=${this.root}`, `--machine=penstock-${process.pid}-${Date.now() % 100_000}`],
        // Lets systemd use the cgroups of version 1 of a machine that has no others.
        '--setenv=SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1',
        ...binds,
      ],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { PATH: process.env['PATH'] ?? '', SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: isUnified() ? '1' : '0' },
      },
    );
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => {
      errors = `${errors}${chunk}`.slice(-4_000);
    });
    dieWithUs(child);
    this.#child = child;
    await once(child, 'spawn');
    await eventually(
      'the host to boot',
      () => {
        if (child.exitCode !== null) throw new Error(`systemd-nspawn ended: ${errors}`);
        this.#leader = childOf(child.pid ?? 0);
        return (
          this.#leader > 0 &&
          /^(starting|running|degraded)/.test(this.run(['systemctl', 'is-system-running']).stdout)
        );
      },
      { within: BOOT_TIMEOUT_MS, every: LOOK_MS, state: () => errors },
    );
  }

  /** Runs a command in the host, and blocks this process until it has ended. */
  run(argv: readonly string[]): HostCommand {
    const { status, stdout, stderr } = spawnSync('nsenter', this.#enter(argv), {
      encoding: 'utf8',
      timeout: COMMAND_TIMEOUT_MS,
      env: HOST_ENVIRONMENT,
    });
    return { status, stdout, stderr };
  }

  /** The same, for a command that needs something of this process, such as a gateway. */
  async runBeside(argv: readonly string[]): Promise<HostCommand> {
    const child = spawn('nsenter', this.#enter(argv), {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: COMMAND_TIMEOUT_MS,
      env: HOST_ENVIRONMENT,
    });
    dieWithUs(child);
    const [stdout, stderr] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    return { status: child.exitCode, stdout, stderr };
  }

  #enter(argv: readonly string[]): string[] {
    return [`--target=${this.#leader}`, '--mount', '--uts', '--ipc', '--pid', '--root', '--', ...argv];
  }

  /** Runs a command that must succeed, and returns its output. */
  ok(...argv: readonly string[]): string {
    const { status, stdout, stderr } = this.run(argv);
    if (status === 0) return stdout;
    throw new Error(`${argv.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
  }

  /** Properties of a unit. */
  unit(name: string, ...properties: readonly string[]): Readonly<Record<string, string>> {
    const text = this.ok('systemctl', 'show', '--property', properties.join(','), name);
    return Object.fromEntries(
      text
        .trim()
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
  }

  /** Waits until a condition of the host holds, as `eventually` does. */
  until<Value>(what: string, condition: () => Value | Promise<Value>, within = WAIT_TIMEOUT_MS) {
    return eventually(what, condition, { within, every: LOOK_MS });
  }

  /** A path of the host as this machine sees it, including what is mounted there, such as `/run`. */
  inside(path: string): string {
    return join(`/proc/${this.#leader}/root`, path);
  }

  /** The journal of a unit, for assertion messages. */
  journal(unit: string): string {
    return this.run(['journalctl', '--no-pager', '--quiet', '--unit', unit, '--lines=60', '--output=cat'])
      .stdout;
  }

  /** Everything stops at once; what was not written to the disk stays in the page cache of this machine. */
  async powerCut(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    if (this.#leader > 0) kill(this.#leader);
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    }
    await eventually(
      'its processes to end',
      () => this.#leader === 0 || !existsSync(`/proc/${this.#leader}`),
    );
    this.#leader = 0;
  }

  /** Shuts it down in order and boots it again. */
  async reboot(): Promise<void> {
    const child = this.#child;
    if (child === undefined) throw new Error('It does not run.');
    const exit = child.exitCode === null ? once(child, 'exit') : undefined;
    this.run(['systemctl', 'poweroff', '--no-block']);
    await exit;
    this.#child = undefined;
    this.#leader = 0;
    await this.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.powerCut();
    await eventually('the disk to be unmounted', () => {
      unmountDisk(this.#disk);
      return true;
    });
  }
}

function mountDisk(bytes: number): string {
  const disk = mkdtempSync(join(tmpdir(), 'penstock-host-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', disk], { stdio: 'pipe' });
    for (const folder of ['upper', 'work', 'root']) mkdirSync(join(disk, folder));
    const options = `lowerdir=${ROOT},upperdir=${join(disk, 'upper')},workdir=${join(disk, 'work')}`;
    execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', options, join(disk, 'root')], { stdio: 'pipe' });
    return disk;
  } catch (error) {
    unmountDisk(disk);
    throw error;
  }
}

function unmountDisk(disk: string): void {
  for (const path of [join(disk, 'root'), disk]) {
    if (isMounted(path)) execFileSync('umount', [path], { stdio: 'pipe' });
  }
  if (existsSync(disk)) rmdirSync(disk);
}

const isMounted = (path: string) =>
  readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[4] === path);

/** Whether this machine has cgroups of version 2 only. */
const isUnified = () => existsSync('/sys/fs/cgroup/cgroup.controllers');

/** The first child of a process, which is the systemd of the host; 0 if it has none yet. */
function childOf(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')[0]) || 0;
  } catch {
    return 0;
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
