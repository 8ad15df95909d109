import type { Case } from './case.ts';
import { clocks } from './cases/clocks.ts';
import { failedOver, stalled, stopped } from './cases/database.ts';
import { emptyDatabase } from './cases/empty-database.ts';
import { enrollmentRaces } from './cases/enrollment.ts';
import { pausedLeader } from './cases/leader.ts';
import { agentPartitions, databasePartitions, isolated, peerPartitions } from './cases/partitions.ts';
import { killed, rollingRestart } from './cases/restarts.ts';
import { versionSkew } from './cases/version-skew.ts';

const STALL_SECONDS = 60;

/** In this order: the last one leaves another database behind. */
export const everyCase: readonly Case[] = [
  rollingRestart,
  killed,
  ...peerPartitions,
  ...databasePartitions,
  ...agentPartitions,
  isolated,
  stopped,
  stalled(STALL_SECONDS),
  pausedLeader,
  clocks,
  enrollmentRaces,
  emptyDatabase,
  versionSkew,
  failedOver,
];
