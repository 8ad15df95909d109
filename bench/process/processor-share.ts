import { existsSync } from 'node:fs';
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const ROOT = '/sys/fs/cgroup';
/** Version 1 has a folder for each controller, and version 2 one for all. */
const V1 = join(ROOT, 'cpu');
const PARENT = existsSync(V1) ? V1 : ROOT;
/** Microseconds of a processor in each period: the least that the kernel takes, so that a process stands still often rather than long. */
const QUOTA = 1_000;

/** Returns why processes cannot be held to a share of a processor here, or undefined if they can. */
export async function whyNoShares(): Promise<string | undefined> {
  if (process.platform !== 'linux') return 'control groups require Linux';
  const group = groupOf(process.pid);
  try {
    await create(group);
    await limit(group, 1);
    return undefined;
  } catch (error) {
    return `no control group can be limited: ${error instanceof Error ? error.message : error}`;
  } finally {
    await rmdir(group).catch(() => {});
  }
}

/**
 * Holds each process to a share of one processor, from 0 to 1, as if it had a slower machine of its own: what one of them spends, the
 * others do not lack (cgroups(7)). Lifts the limits when disposed, also of processes that have ended.
 */
export async function holdToShare(pids: readonly number[], share: number): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  for (const pid of pids) {
    const group = groupOf(pid);
    const before = await placeOf(pid);
    await create(group);
    stack.defer(() => rmdir(group));
    await limit(group, share);
    await move(pid, group);
    // Fails if the process has ended, and with it its place in the group.
    stack.defer(() => move(pid, before).catch(() => {}));
  }
  return stack.move();
}

/** One of this name may be left of a benchmark that was interrupted. */
async function create(group: string): Promise<void> {
  await rmdir(group).catch(() => {});
  await mkdir(group);
}

/** The group that a process is in, from /proc/PID/cgroup. */
async function placeOf(pid: number): Promise<string> {
  const lines = (await readFile(`/proc/${pid}/cgroup`, 'utf8')).split('\n').map((line) => line.split(':'));
  const own = lines.find(([, controllers = '']) =>
    controllers.split(',').includes(PARENT === V1 ? 'cpu' : ''),
  );
  return join(PARENT, own?.slice(2).join(':') ?? '');
}

const groupOf = (pid: number) => join(PARENT, `penstock-bench-${pid}`);

async function limit(group: string, share: number): Promise<void> {
  const period = Math.round(QUOTA / share);
  if (PARENT === ROOT) {
    await set(group, 'cpu.max', `${QUOTA} ${period}`);
    return;
  }
  await set(group, 'cpu.cfs_period_us', String(period));
  await set(group, 'cpu.cfs_quota_us', String(QUOTA));
}

const move = (pid: number, group: string) => set(group, 'cgroup.procs', String(pid));

/** Writes to a file that is there: in a folder that is no control group, it would create one. */
const set = (group: string, name: string, value: string) =>
  writeFile(join(group, name), value, { flag: 'r+' });
