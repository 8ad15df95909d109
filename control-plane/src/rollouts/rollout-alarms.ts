import type { Clock } from '@penstock/runtime';
import type { StoredRollout } from './rollout-rows.ts';

/** As the alert condition rollout-halted has it. */
export type RolloutAlarm = {
  readonly condition: 'rollout-halted';
  readonly subject: string;
  readonly pool: string | undefined;
  readonly detail: string;
};

/** Milliseconds for which the alarm about a rollout that went back lasts. */
export const ALARM_MS = 3_600_000;

/** The alarms about rollouts that were halted: until they go on, and for an hour after they went back. */
export class RolloutAlarms {
  readonly #alarms = new Map<string, { readonly alarm: RolloutAlarm; readonly until: number }>();
  readonly #clock: Pick<Clock, 'wall'>;

  constructor(clock: Pick<Clock, 'wall'>) {
    this.#clock = clock;
  }

  get current(): readonly RolloutAlarm[] {
    const now = this.#clock.wall();
    for (const [id, { until }] of this.#alarms) if (until <= now) this.#alarms.delete(id);
    return [...this.#alarms.values()].map(({ alarm }) => alarm);
  }

  clear(id: string): void {
    this.#alarms.delete(id);
  }

  /** Raises or clears the alarm of a rollout, as its stage demands. */
  follow({ id, target, pools, stage, updatedAt }: StoredRollout): void {
    if (stage.state !== 'halted' && stage.state !== 'rolling-back' && stage.state !== 'rolled-back') {
      this.clear(id);
      return;
    }
    const detail = `The rollout of ${target.kind === 'config' ? 'configuration' : 'software'} ${target.version}: ${stage.reason}`;
    const [pool] = pools.length === 1 ? pools : [undefined];
    const alarm: RolloutAlarm = { condition: 'rollout-halted', subject: `rollout:${id}`, pool, detail };
    this.#alarms.set(id, { alarm, until: stage.state === 'rolled-back' ? updatedAt + ALARM_MS : Infinity });
  }
}
