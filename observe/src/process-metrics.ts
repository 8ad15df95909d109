import { readdir, readFile } from 'node:fs/promises';
import { Counter, Gauge, type Registry } from 'prom-client';

/** Linux shows the descriptors and limits of a process here. Other systems lack it, and the gauges have no value there. */
const PROC_SELF = '/proc/self';

/**
 * Registers the standard metrics of a process, with the names and meanings that client libraries of Prometheus share
 * (https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics).
 */
export function observeProcess(registry: Registry): void {
  const registers = [registry];
  const startedAt = Date.now() / 1000 - process.uptime();
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'CPU time of this process, user and system, in seconds.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  const gauge = (name: string, help: string, read: () => number | Promise<number | undefined>) =>
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        const value = await read();
        this.reset();
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
  gauge('process_resident_memory_bytes', 'Resident memory of this process, in bytes.', () =>
    process.memoryUsage.rss(),
  );
  gauge('process_open_fds', 'Open file descriptors of this process.', openDescriptors);
  gauge(
    'process_max_fds',
    'File descriptors that this process may open: LimitNOFILE, ulimit -n.',
    maxDescriptors,
  );
  gauge('process_start_time_seconds', 'When this process started, in seconds since 1970.', () => startedAt);
}

async function openDescriptors(): Promise<number | undefined> {
  try {
    // Reading the directory takes a descriptor itself.
    return (await readdir(`${PROC_SELF}/fd`)).length - 1;
  } catch {
    return undefined;
  }
}

async function maxDescriptors(): Promise<number | undefined> {
  try {
    const found = /^Max open files\s+([0-9]+)/m.exec(await readFile(`${PROC_SELF}/limits`, 'utf8'));
    return found === null ? undefined : Number(found[1]);
  } catch {
    return undefined;
  }
}
