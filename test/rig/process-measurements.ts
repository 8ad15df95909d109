import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

type Pid = number | 'self';

/** Returns the number of open descriptors of a process. Linux only: throws without /proc. */
export function descriptorCount(pid: Pid = 'self'): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Returns the number of open sockets of a process. Linux only. */
export function socketCount(pid: Pid = 'self'): number {
  const directory = `/proc/${pid}/fd`;
  return readdirSync(directory).filter((name) => {
    try {
      return readlinkSync(`${directory}/${name}`).startsWith('socket:');
    } catch {
      // The descriptor of the listing itself is closed by now.
      return false;
    }
  }).length;
}

/** Returns the resident memory of a process, in bytes. Linux only. */
export function residentBytes(pid: Pid = 'self'): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  if (match === null) throw new Error(`Process ${pid} has no resident memory.`);
  return Number(match[1]) * 1024;
}

/** Returns the CPU seconds of a process, user and system. Linux only. */
export function cpuSeconds(pid: Pid = 'self'): number {
  // The program's name, in parentheses, may contain spaces, so fields are counted after it (proc_pid_stat(5)).
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return ticks / CLOCK_TICKS_PER_SECOND;
}

/** USER_HZ: 100 on every Linux architecture that Node supports. */
const CLOCK_TICKS_PER_SECOND = 100;
