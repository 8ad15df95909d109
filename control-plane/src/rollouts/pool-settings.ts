import { type GatewayConfig, type Pool, weekdays } from '@penstock/config-schema';
import { type Opening, openingAt, type RolloutSettings, type Schedule } from '@penstock/rollouts';

/** The shares of the agents after the canaries that have been reached at the end of each group, in percent. */
const GROUPS = [10, 50, 100];

/** What a request may set instead of the pools' files. */
export type SettingsRequest = Partial<Omit<RolloutSettings, 'groups'>>;

/** How a rollout over several pools proceeds: as the most careful of them asks for. */
export function settingsFor(
  pools: readonly Pool[],
  request: SettingsRequest,
): { readonly settings: RolloutSettings; readonly judgeInterval: number } {
  const each = pools.map(({ upgrade }) => upgrade);
  const least = (of: (upgrade: Pool['upgrade']) => number) => Math.min(...each.map(of));
  const most = (of: (upgrade: Pool['upgrade']) => number) => Math.max(...each.map(of));
  return {
    settings: {
      canary: request.canary ?? least(({ canaryPercent }) => canaryPercent),
      soak: request.soak ?? most(({ soak }) => soak),
      groups: GROUPS,
      groupSoak: request.groupSoak ?? most(({ groupSoak }) => groupSoak),
      inFlight: request.inFlight ?? least(({ inFlightPercent }) => inFlightPercent),
      deadline: request.deadline ?? most(({ deadline }) => deadline),
      probation: request.probation ?? most(({ probation }) => probation),
      maxFailed: request.maxFailed ?? least(({ maxFailedPercent }) => maxFailedPercent),
    },
    judgeInterval: least(({ judgeInterval }) => judgeInterval),
  };
}

type ScheduleConfig = Pick<GatewayConfig, 'pools' | 'windows' | 'freezes'>;

const windowOf = ({ pools, windows }: ScheduleConfig, pool: string) => {
  const name = pools.find((each) => each.name === pool)?.upgrade.window;
  return name === undefined ? undefined : windows.find((window) => window.name === name);
};

/** Whether agents of a pool may be changed at `now`. */
export function openingOf(config: ScheduleConfig, pool: string, now: number): Opening {
  const window = windowOf(config, pool);
  const schedule: Schedule = {
    window: window && { ...window, days: window.days.map((day) => weekdays.indexOf(day) + 1) },
    freezes: config.freezes.filter(({ pools }) => pools.length === 0 || pools.includes(pool)),
  };
  return openingAt(schedule, now);
}

/** Whether what has begun in the window of a pool may be finished after it, unless there is a freeze. */
export function finishesLate(config: ScheduleConfig, pool: string, now: number): boolean {
  if (windowOf(config, pool)?.late !== 'finish') return false;
  return openingOf({ ...config, windows: [] }, pool, now).isOpen;
}
