import type { Clock } from '@penstock/runtime';
import type { Store } from '@penstock/store';
import { errorText } from '@penstock/wire';
import type { OpenFleet } from '../fleet/open-fleet.ts';
import type { Leadership } from '../leadership/leadership.ts';
import type { ControlPlaneLog } from '../observe/event.ts';
import { SampleHistory } from './sample-history.ts';
import { StateRecorder } from './state-recorder.ts';

export type HistoryOptions = {
  readonly store: Pick<Store, 'stateChanges' | 'transaction'>;
  readonly fleet: Pick<OpenFleet, 'agentsAfter' | 'onChange' | 'onSample' | 'poolViews'>;
  readonly leadership: Pick<Leadership, 'isLeader' | 'requireLead' | 'onChange'>;
  readonly clock: Clock;
  readonly log: ControlPlaneLog;
};

export type History = {
  readonly samples: Pick<SampleHistory, 'ofAgent' | 'ofPool'>;
  /** Resolves when nothing is being written. */
  stop(): Promise<void>;
};

const POOL_INTERVAL_MS = 10_000;

/** Starts to record what agents and pools measure, and how the states of agents change. The caller must stop it before the store. */
export function openHistory({ store, fleet, leadership, clock, log }: HistoryOptions): History {
  const samples = new SampleHistory();
  const recorder = new StateRecorder({
    store,
    leadership,
    clock,
    agents: () => fleet.agentsAfter(''),
    onFailed: (error) => log('store-failed', { detail: errorText(error) }),
  });
  const stops = [
    fleet.onChange((change) => recorder.add(change)),
    fleet.onSample((id, sample) => samples.addAgent(id, sample)),
  ];
  let isStopped = false;
  let sampling: Promise<void> = Promise.resolve();
  let cancel = () => {};
  const samplePools = () => {
    sampling = fleet
      .poolViews()
      .then((pools) => samples.addPools(pools, clock.wall()))
      // Nothing on the data path may end because of it.
      .catch((error: unknown) => log('request-failed', { method: '-', path: 'history', error }))
      .then(() => {
        if (!isStopped) cancel = clock.after(POOL_INTERVAL_MS, samplePools);
      });
  };
  samplePools();
  return {
    samples,
    async stop() {
      isStopped = true;
      cancel();
      for (const stop of stops) stop();
      await sampling;
      await recorder.stop();
    },
  };
}
