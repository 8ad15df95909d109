import { isDeepStrictEqual } from 'node:util';
import type { AgentConfig } from '@penstock/config-schema';
import { measureLoopDelay } from '@penstock/observe';
import type { AgentMessageOf } from '@penstock/wire';
import { errorText } from '@penstock/wire';
import { rateLimitedRead } from '../health/rate-limited-read.ts';
import { startSampler } from '../health/sample.ts';
import type { AgentLog } from '../observe/event.ts';

/** How long parallel heartbeats report the same event loop delay. */
const LOOP_DELAY_AGE_MS = 1_000;

/** What heartbeats report about the host and this process. */
export type HostHealth = {
  latest(): Pick<AgentMessageOf<'heartbeat'>, 'cpu' | 'memory' | 'eventLoop'>;
  /** Applies a changed `health`. Keeps the samples if nothing in it has changed. */
  apply(health: AgentConfig['health']): void;
};

/** Starts sampling the host and the event loop. */
export function startHostHealth(
  scope: AsyncDisposableStack,
  first: AgentConfig['health'],
  log: AgentLog,
): HostHealth {
  const loopDelay = measureLoopDelay();
  scope.defer(() => loopDelay.stop());
  const eventLoop = rateLimitedRead(() => loopDelay.take(), LOOP_DELAY_AGE_MS);
  const sampling = ({ sample, sampleInterval }: AgentConfig['health']) =>
    startSampler({
      sample,
      interval: sampleInterval,
      onFailed: (error) => log('sample-failed', { detail: errorText(error) }),
    });
  let health = first;
  let sampler = sampling(first);
  scope.defer(() => sampler.stop());
  return {
    latest: () => ({ ...sampler.latest(), eventLoop: eventLoop() }),
    apply(next) {
      if (isDeepStrictEqual(next, health)) return;
      health = next;
      sampler.stop();
      sampler = sampling(next);
    },
  };
}
