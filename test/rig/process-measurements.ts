import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

type Pid = number | 'self';

/** Open descriptors of a process. Linux only: it throws where there is no /proc. */
export function descriptorCount(pid: Pid = 'self'): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Open sockets of a process, whatever they are for. Linux only. */
export function socketCount(pid: Pid = 'self'): number {
  const directory = `/proc/${pid}/fd`;
  return readdirSync(directory).filter((name) => {
    try {
      return readlinkSync(`${directory}/${name}`).startsWith('socket:');
    } catch {
      // The descriptor of the listing itself is gone by now.
      return false;
    }
  }).length;
}

/** Resident memory of a process, in bytes. Linux only. */
export function residentBytes(pid: Pid = 'self'): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (match === null) throw new Error(`Process ${pid} has no resident memory.`);
  return Number(match[1]) * 1024;
}

/** CPU seconds a process has used, user and system. Linux only. */
export function cpuSeconds(pid: Pid = 'self'): number {
  // The program's name, in brackets, may hold spaces: count the fields after it (proc_pid_stat(5)).
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return ticks / CLOCK_TICKS_PER_SECOND;
}

/** USER_HZ, which Linux shows to every program as 100 on the machines Node runs on. */
const CLOCK_TICKS_PER_SECOND = 100;
