import { availableParallelism, totalmem } from 'node:os';
import type { AgentMessageOf } from '@penstock/wire';
import { type CpuTimes, cpuTimes, loadBetween } from './cpu-times.ts';

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

/** The load is measured between two samples: the second one follows soon, so that heartbeats have it. */
const FIRST_INTERVAL_MS = 1_000;

/**
 * Samples this host every `interval` milliseconds. Heartbeats use the latest sample, so a slow system call does not delay
 * them. Samples do not overlap, and start no other program: that would block the event loop, and the program would inherit
 * the tokens in the environment.
 */
export function startSampler({ sample, interval, onFailed }: SamplerOptions): Sampler {
  let latest: Sample = {};
  let timer: NodeJS.Timeout | undefined;
  let state: 'running' | 'stopped' = sample.length === 0 ? 'stopped' : 'running';
  let last: { readonly times: CpuTimes; readonly used: NodeJS.CpuUsage; readonly at: number } | undefined;

  const takeCpu = async (): Promise<Sample> => {
    const now = { times: await cpuTimes(), used: process.cpuUsage(), at: performance.now() };
    const before = last;
    last = now;
    if (before === undefined) return {};
    const used = now.used.user + now.used.system - before.used.user - before.used.system;
    return cpuSample(loadBetween(before.times, now.times), used / 1000 / Math.max(1, now.at - before.at));
  };
  const takeMemory = async (): Promise<Sample> =>
    // The limit of the container, if there is one; without one, a number beyond all memory.
    memorySample(
      Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY),
      process.availableMemory(),
      process.memoryUsage.rss(),
    );
  const take = async (isFirst: boolean) => {
    try {
      const parts = await Promise.all(sample.map((what) => (what === 'cpu' ? takeCpu() : takeMemory())));
      latest = Object.assign({}, ...parts) as Sample;
    } catch (error) {
      onFailed(error);
    }
    const pause = isFirst ? Math.min(FIRST_INTERVAL_MS, interval) : interval;
    if (state === 'running') timer = setTimeout(() => void take(false), pause);
  };
  if (state === 'running') void take(true);
  return {
    latest: () => latest,
    stop: () => {
      state = 'stopped';
      clearTimeout(timer);
    },
  };
}

/**
 * `share` is the busy share of all processors, `busy` in processors. Returns an empty sample when either is not a number, as
 * on emulated systems or in containers, because the gateway treats a malformed heartbeat as a protocol violation.
 */
export function cpuSample(share: number, busy: number): Sample {
  if (!Number.isFinite(share) || !Number.isFinite(busy)) return {};
  const load = Math.min(1, Math.max(0, share));
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
