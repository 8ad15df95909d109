import { formatTimeOfDay } from './field/calendar.ts';
import { formatDuration } from './field/duration.ts';
import type { UpgradeSettings, UpgradeWindow } from './rollout-config.ts';

export const shownWindow = (window: UpgradeWindow): object => ({
  ...window,
  start: formatTimeOfDay(window.start),
  length: formatDuration(window.length),
});

export const shownUpgrade = (upgrade: UpgradeSettings): object => ({
  ...upgrade,
  soak: formatDuration(upgrade.soak),
  groupSoak: formatDuration(upgrade.groupSoak),
  deadline: formatDuration(upgrade.deadline),
  probation: formatDuration(upgrade.probation),
  judgeInterval: formatDuration(upgrade.judgeInterval),
});
