import type { RestartPolicy, UpgradeFreeze, UpgradeSettings, UpgradeWindow } from '../rollout-config.ts';
import type { GatewayFile } from '../schema/gateway-file.ts';
import { fieldValue } from './field-value.ts';

type PoolFile = GatewayFile['pools'][number];

export const buildWindow = (window: GatewayFile['windows'][number]): UpgradeWindow => ({
  ...window,
  days: window.days as UpgradeWindow['days'],
  start: fieldValue('timeOfDay', window.start),
  length: fieldValue('duration', window.length),
});

export const buildFreeze = (freeze: GatewayFile['freezes'][number]): UpgradeFreeze => freeze;

export const buildUpgrade = ({
  window,
  channel,
  withoutApproval,
  ...upgrade
}: PoolFile['upgrade']): UpgradeSettings => ({
  ...upgrade,
  window,
  channel,
  withoutApproval,
  soak: fieldValue('duration', upgrade.soak),
  groupSoak: fieldValue('duration', upgrade.groupSoak),
  deadline: fieldValue('duration', upgrade.deadline),
  probation: fieldValue('duration', upgrade.probation),
  judgeInterval: fieldValue('duration', upgrade.judgeInterval),
});

export const buildRestart = (restart: NonNullable<PoolFile['restart']>): RestartPolicy => ({
  when: restart.when,
  for: fieldValue('duration', restart.for),
  memoryAbove: fieldValue('size', restart.memoryAbove),
  atMost: { count: restart.atMost.count, per: fieldValue('duration', restart.atMost.per) },
});
