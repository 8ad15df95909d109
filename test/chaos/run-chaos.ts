import { setTimeout as pause } from 'node:timers/promises';
import { readMetrics } from '../data-path/idle.ts';
import { eventually } from '../rig/eventually.ts';
import type { Fault } from './faults.ts';
import type { Scene } from './scene.ts';
import { type FaultResult, Strikes } from './strikes.ts';
import type { Workload, WorkloadResult } from './workload.ts';

export type ChaosResult = {
  readonly workloads: readonly WorkloadResult[];
  readonly faults: readonly FaultResult[];
  /** Connections that the gateway ended with a code, and why. */
  readonly ended: readonly string[];
  /** Gauges that are not zero when everything has ended. */
  readonly left: readonly string[];
};

export type ChaosPlan = {
  readonly scene: Scene;
  /** Struck in turn, one each `interval` milliseconds, `rounds` times in all. */
  readonly brief: readonly Fault[];
  readonly rounds: number;
  readonly interval: number;
  /** Struck once each, with time to recover after it. */
  readonly long: readonly Fault[];
  readonly progress: (text: string) => void;
};

/** Everything that counts connections, streams or what they keep. */
const GAUGES =
  /^penstock_(gateway_(clients|queue_depth|streams_open|streams_opening|connections_adrift)|agent_(streams_open(ing)?|connections_adrift))\b/;

/** Strikes while the workloads run, lets them finish, and looks for what is left. */
export async function runChaos(plan: ChaosPlan, workloads: readonly Workload[]): Promise<ChaosResult> {
  const { scene, long, interval } = plan;
  const brief = plan.brief.filter((fault) => fault.isMissing?.(scene) !== true);
  const strikes = new Strikes(scene);
  const strike = (fault: Fault, round: number, recover: () => Promise<unknown>) => {
    plan.progress(`${fault.name} (${round + 1})`);
    return strikes.strike(fault, round, recover);
  };
  for (let round = 0; round < plan.rounds; round += 1) {
    const fault = brief[round % brief.length];
    if (fault !== undefined) await strike(fault, round, () => pause(interval));
  }
  await scene.connected();
  for (const fault of long) {
    await strike(fault, 0, async () => {
      await pause(interval);
      await scene.connected();
    });
  }
  plan.progress('waiting for the clients to finish');
  const results = await Promise.all(workloads.map((workload) => workload.finish()));
  return {
    workloads: results,
    faults: strikes.results,
    ended: endedByGateway(scene),
    left: await whatIsLeft(scene),
  };
}

/** Connections that the gateway ended with a code, and why. */
export function endedByGateway({ pair }: Pick<Scene, 'pair'>): string[] {
  return pair.logged.flatMap(({ event, ...fields }) =>
    /^connection-(closed|failed)$/.test(event) && fields['code'] !== undefined
      ? [
          `${event}: ${fields['connection']} after ${fields['durationMs']} ms, ${fields['code']} ${fields['detail'] ?? ''}`,
        ]
      : [],
  );
}

/** Gauges that are not zero, some seconds after everything should have ended. */
export async function whatIsLeft({ pair, local }: Pick<Scene, 'pair' | 'local'>): Promise<string[]> {
  let left: string[] = [];
  const look = async () => {
    const metrics = await Promise.all([pair.gateway.admin, local].map(readMetrics));
    left = metrics
      .flatMap((values) => [...values])
      .flatMap(([name, value]) => (GAUGES.test(name) && value !== 0 ? [`${name} is ${value}`] : []));
    return left.length === 0;
  };
  await eventually('everything to have ended', look, { within: 10_000 }).catch(() => {});
  return left;
}

/** Whether no client noticed anything. */
export const isClean = ({ workloads, left }: ChaosResult): boolean =>
  left.length === 0 && workloads.every(({ errors, wrong, done }) => errors.length + wrong === 0 && done > 0);
