import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';

/** Properties of the machine that affect the results. */
export type Machine = {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGib: number;
  readonly kernel: string;
  readonly node: string;
  readonly openssl: string;
  readonly congestionControl: string;
  /** Load average of the last minute before the first measurement. */
  readonly loadBefore: number;
};

export async function describeMachine(): Promise<Machine> {
  return {
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? 'unknown',
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: `${type()} ${release()}`,
    node: process.versions.node,
    openssl: process.versions.openssl,
    congestionControl: await readCongestionControl(),
    loadBefore: loadavg()[0] ?? 0,
  };
}

async function readCongestionControl(): Promise<string> {
  const text = await readFile('/proc/sys/net/ipv4/tcp_congestion_control', 'utf8').catch(() => 'unknown');
  return text.trim();
}
