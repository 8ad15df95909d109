import { availableParallelism } from 'node:os';
import type { AgentMessageOf } from '@penstock/wire';
import systeminformation from 'systeminformation';

type Heartbeat = AgentMessageOf<'heartbeat'>;
export type Sample = Pick<Heartbeat, 'cpu' | 'memory'>;

export type Sampler = {
  /** The latest sample. Empty before the first one, or when the configuration enables none. */
  latest(): Sample;
  stop(): void;
};

export type SamplerOptions = {
  readonly sample: readonly ('cpu' | 'memory')[];
  readonly interval: number;
  readonly onFailed: (error: unknown) => void;
};

/**
 * Samples this host every `interval` milliseconds. Heartbeats use the latest sample, so a slow system call does not delay
 * them. Samples do not overlap.
 */
export function startSampler({ sample, interval, onFailed }: SamplerOptions): Sampler {
  let latest: Sample = {};
  let timer: NodeJS.Timeout | undefined;
  let state: 'running' | 'stopped' = sample.length === 0 ? 'stopped' : 'running';
  let used = process.cpuUsage();
  let at = performance.now();

  const takeCpu = async (): Promise<Sample> => {
    const { currentLoad } = await systeminformation.currentLoad();
    const now = performance.now();
    const since = process.cpuUsage(used);
    const busy = (since.user + since.system) / 1000 / Math.max(1, now - at);
    used = process.cpuUsage();
    at = now;
    return cpuSample(currentLoad, busy);
  };
  const takeMemory = async (): Promise<Sample> => {
    const { total, available } = await systeminformation.mem();
    return memorySample(total, available, process.memoryUsage.rss());
  };
  const take = async () => {
    try {
      const parts = await Promise.all(sample.map((what) => (what === 'cpu' ? takeCpu() : takeMemory())));
      latest = Object.assign({}, ...parts) as Sample;
    } catch (error) {
      onFailed(error);
    }
    if (state === 'running') timer = setTimeout(() => void take(), interval);
  };
  if (state === 'running') void take();
  return {
    latest: () => latest,
    stop: () => {
      state = 'stopped';
      clearTimeout(timer);
    },
  };
}

/**
 * `currentLoad` is in percent of all processors, `busy` in processors. Returns an empty sample when either is not a number, as
 * on emulated systems or in containers, because the gateway treats a malformed heartbeat as a protocol violation.
 */
export function cpuSample(currentLoad: number, busy: number): Sample {
  if (!Number.isFinite(currentLoad) || !Number.isFinite(busy)) return {};
  const load = Math.min(1, Math.max(0, currentLoad / 100));
  return { cpu: { load, process: Math.min(Math.max(0, busy), availableParallelism()) } };
}

/** Arguments are in bytes. Returns an empty sample when one of them is not a non-negative integer. */
export function memorySample(total: number, available: number, own: number): Sample {
  const [totalBytes, availableBytes, processBytes] = [total, available, own].map(Math.trunc);
  if (!isCount(totalBytes) || !isCount(availableBytes) || !isCount(processBytes)) return {};
  return { memory: { totalBytes, availableBytes, processBytes } };
}

const isCount = (value: number | undefined): value is number =>
  value !== undefined && Number.isSafeInteger(value) && value >= 0;
