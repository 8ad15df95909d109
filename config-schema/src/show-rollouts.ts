import { formatTimeOfDay } from './field/calendar.ts';
import { formatDuration } from './field/duration.ts';
import { formatSize } from './field/size.ts';
import type { RestartPolicy, UpgradeSettings, UpgradeWindow } from './rollout-config.ts';

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

export const shownRestart = (restart: RestartPolicy): object => ({
  when: restart.when,
  for: formatDuration(restart.for),
  memoryAbove: formatSize(restart.memoryAbove),
  atMost: { count: restart.atMost.count, per: formatDuration(restart.atMost.per) },
});
