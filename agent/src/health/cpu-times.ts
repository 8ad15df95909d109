import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';

/** Time that all processors of the host have spent since it started, in a unit of the system. */
export type CpuTimes = { readonly idle: number; readonly total: number };

/**
 * Reads the times. On Linux from /proc/stat, without blocking: `os.cpus` also reads /proc/cpuinfo, which takes milliseconds on
 * hosts with many processors.
 */
export async function cpuTimes(): Promise<CpuTimes> {
  const text = process.platform === 'linux' ? await readFile('/proc/stat', 'utf8').catch(() => '') : '';
  return parseStat(text) ?? fromSystem();
}

/** The first line of /proc/stat (proc_stat(5)). Guest time is part of user time. */
export function parseStat(text: string): CpuTimes | undefined {
  const [, line] = /^cpu +([\d ]+)$/m.exec(text) ?? [];
  if (line === undefined) return undefined;
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = line
    .split(' ')
    .map(Number);
  return { idle: idle + iowait, total: user + nice + system + idle + iowait + irq + softirq + steal };
}

function fromSystem(): CpuTimes {
  let [idle, total] = [0, 0];
  for (const { times } of cpus()) {
    idle += times.idle;
    total += times.user + times.nice + times.sys + times.idle + times.irq;
  }
  return { idle, total };
}

/** The share of busy time between two readings, from 0 to 1. NaN when no time has passed between them. */
export function loadBetween(before: CpuTimes, after: CpuTimes): number {
  const total = after.total - before.total;
  return total <= 0 ? Number.NaN : 1 - (after.idle - before.idle) / total;
}
