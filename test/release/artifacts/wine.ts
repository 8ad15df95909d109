import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../../scripts/release/run.ts';
import { dieWithUs } from '../../rig/children.ts';
import { eventually } from '../../rig/eventually.ts';
import { isInstalled } from '../../rig/optional.ts';
import { ROOT } from './built-release.ts';

/** The first Debian whose Wine can run V8. */
const DEBIAN = 'trixie';
/** It is unpacked once, which takes minutes. */
const TREE = join(ROOT, 'node_modules/.cache/penstock-wine');
const PREFIX = '/tmp/wine-prefix';
const MAX_BOOTS = 5;
const COMMAND_TIMEOUT_MS = 180_000;

export function skipWithoutWine(): false | string {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'Wine is for Linux on x64';
  if (process.geteuid?.() !== 0) return 'only root can change the root directory';
  if (existsSync(join(TREE, 'usr/lib/wine/wine64')) || isInstalled('debootstrap')) return false;
  return 'debootstrap, which unpacks a Debian with Wine 10, is not installed';
}

export type WindowsResult = {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

/** A Windows of Wine, in a Debian of its own, with the network of this machine. Disposing ends all of its processes. */
export class Wine implements AsyncDisposable {
  /** Drive C, as this machine sees it. */
  readonly drive = join(TREE, PREFIX, 'drive_c');
  readonly #holder: ChildProcess;
  #leader = 0;

  private constructor(holder: ChildProcess) {
    this.#holder = holder;
  }

  static async start(): Promise<Wine> {
    if (!existsSync(join(TREE, 'usr/lib/wine/wine64'))) {
      mkdirSync(TREE, { recursive: true });
      await run('debootstrap', ['--variant=minbase', '--include=wine,wine64', DEBIAN, TREE]);
    }
    rmSync(join(TREE, PREFIX), { recursive: true, force: true });
    const script =
      'mount -t proc proc "$0/proc" && mount --bind /dev "$0/dev" && exec chroot "$0" sleep 100000';
    const holder = spawn(
      'unshare',
      ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', script, TREE],
      {
        stdio: 'ignore',
      },
    );
    dieWithUs(holder);
    await once(holder, 'spawn');
    const wine = new Wine(holder);
    await eventually('the namespace of Wine', () => wine.#findLeader(), { within: 15_000, every: 100 });
    wine.run('wineboot', '--init');
    for (let attempt = 1; wine.#serviceManagers() !== 1; attempt += 1) {
      if (attempt > MAX_BOOTS) throw new Error('Wine does not start one service manager.');
      spawnSync('nsenter', wine.#inside('wineserver', '--kill', '--wait'));
    }
    return wine;
  }

  /** On a busy machine, Wine believes too soon that its service manager does not start, and then two answer in turns. */
  #serviceManagers(): number {
    return this.run('tasklist.exe').stdout.split('services.exe').length - 1;
  }

  #inside(...argv: readonly string[]): readonly string[] {
    return [
      ...[`--target=${this.#leader}`, '--mount', '--pid', '--', 'chroot', TREE],
      ...['env', '--ignore-environment', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root'],
      ...[`WINEPREFIX=${PREFIX}`, 'WINEDEBUG=-all', 'XDG_RUNTIME_DIR=/tmp', ...argv],
    ];
  }

  #findLeader(): boolean {
    const pid = this.#holder.pid ?? 0;
    this.#leader = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')[0]) || 0;
    return this.#leader > 0 && readFileSync(`/proc/${this.#leader}/comm`, 'utf8').trim() === 'sleep';
  }

  /** Runs a Windows program, whose output goes through files: Node cannot open the pipes of a Unix. */
  run(...argv: readonly string[]): WindowsResult {
    const script = 'wine "$@" </dev/null >/tmp/stdout 2>/tmp/stderr';
    const { status } = spawnSync('nsenter', this.#inside('sh', '-c', script, 'sh', ...argv), {
      timeout: COMMAND_TIMEOUT_MS,
    });
    const [stdout = '', stderr = ''] = ['stdout', 'stderr'].map((name) =>
      readFileSync(join(TREE, 'tmp', name), 'utf8'),
    );
    return { status, stdout, stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exit = once(this.#holder, 'exit');
    if (this.#leader > 0) process.kill(this.#leader, 'SIGKILL');
    else this.#holder.kill('SIGKILL');
    await exit;
    rmSync(join(TREE, PREFIX), { recursive: true, force: true, maxRetries: 3 });
  }
}
