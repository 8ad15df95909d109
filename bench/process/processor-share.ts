import { existsSync } from 'node:fs';
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const ROOT = '/sys/fs/cgroup';
/** Version 1 has a folder for each controller, and version 2 one for all. */
const V1 = join(ROOT, 'cpu');
/** Microseconds of a processor in each period: the least that the kernel takes, so that a process never stands still for long. */
const QUOTA = 1_000;

/** Returns why processes cannot be held to a share of a processor here, or undefined if they can. */
export async function whyNoShares(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'control groups require Linux';
  if (process.geteuid?.() !== 0) return 'control groups require root';
  if (existsSync(V1)) return undefined;
  const enabled = await readFile(join(ROOT, 'cgroup.subtree_control'), 'utf8').catch(() => '');
  return enabled.split(/\s/).includes('cpu') ? undefined : `the cpu controller is not enabled in ${ROOT}`;
}

/**
 * Holds each process to a share of one processor, from 0 to 1, as if it had a slower machine of its own: what one of them spends, the
 * others do not lack (cgroups(7)). Lifts the limits when disposed, also of processes that have ended.
 */
export async function holdToShare(pids: readonly number[], share: number): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const parent = existsSync(V1) ? V1 : ROOT;
  const period = Math.round(QUOTA / share);
  for (const pid of pids) {
    const group = join(parent, `penstock-bench-${pid}`);
    await mkdir(group);
    stack.defer(() => rmdir(group));
    if (parent === V1) {
      await writeFile(join(group, 'cpu.cfs_period_us'), String(period));
      await writeFile(join(group, 'cpu.cfs_quota_us'), String(QUOTA));
    } else await writeFile(join(group, 'cpu.max'), `${QUOTA} ${period}`);
    await move(pid, group);
    stack.defer(() => move(pid, parent).catch(() => {}));
  }
  return stack.move();
}

const move = (pid: number, group: string) => writeFile(join(group, 'cgroup.procs'), String(pid));
