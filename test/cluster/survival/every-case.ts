import type { Case } from './case.ts';
import { failedOver, stalled, stopped } from './cases/database.ts';
import { pausedLeader } from './cases/leader.ts';
import { agentPartitions, databasePartitions, isolated, peerPartitions } from './cases/partitions.ts';
import { killed, rollingRestart } from './cases/restarts.ts';

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
  failedOver,
];
