import { readdir, readFile } from 'node:fs/promises';

/** Returns the CPU seconds of a process, user and system, from the text of /proc/PID/stat (proc_pid_stat(5)). */
export function cpuSecondsOf(stat: string): number {
  // The second field is the name in parentheses, which may itself contain spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  if (!Number.isFinite(ticks))
    throw new Error('The content of /proc/PID/stat is not in the expected format.');
  return ticks / TICKS_A_SECOND;
}

/** Returns the resident memory in KiB, from the text of /proc/PID/status. */
export function residentKibOf(status: string): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(status);
  if (match === null) throw new Error('/proc/PID/status has no VmRSS.');
  return Number(match[1]);
}

/** USER_HZ: 100 on every Linux architecture that Node supports. */
const TICKS_A_SECOND = 100;

export async function cpuSeconds(pid: number): Promise<number> {
  return cpuSecondsOf(await readFile(`/proc/${pid}/stat`, 'utf8'));
}

export async function residentKib(pid: number): Promise<number> {
  return residentKibOf(await readFile(`/proc/${pid}/status`, 'utf8'));
}

/** Returns a process and its descendants, from /proc: a server may fork for each session. */
export async function familyOf(pid: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    // A process may exit between listing and reading.
    const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => undefined);
    if (stat !== undefined) parents.set(Number(entry), parentOf(stat));
  }
  const family = [pid];
  for (const member of family) {
    for (const [child, parent] of parents) if (parent === member) family.push(child);
  }
  return family;
}

/** Returns the id of the parent, from the text of /proc/PID/stat. */
export function parentOf(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}
