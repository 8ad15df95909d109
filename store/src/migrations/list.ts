import type { Migration } from 'kysely/migration';
import { identityTables } from './0001-identity.ts';
import { controlPlaneTables } from './0002-control-plane.ts';
import { grantTables } from './0003-grants.ts';
import { approvalAgentColumn } from './0004-approval-agent.ts';
import { clusterTables } from './0005-cluster.ts';
import { consoleSessionTables } from './0006-console-sessions.ts';
import { rolloutTables } from './0007-rollouts.ts';
import { approvalRunnerColumn } from './0008-approval-runner.ts';
import { authorityColumn } from './0009-authority.ts';
import { stateChangeTable } from './0010-state-changes.ts';
import { silenceTable } from './0011-silences.ts';
import { adminTokenUseColumns } from './0012-admin-token-use.ts';
import { replicaSlotColumn } from './0013-replica-slot.ts';

/** All migrations, which run in the order of their names. A released migration must not change. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-identity': identityTables,
  '0002-control-plane': controlPlaneTables,
  '0003-grants': grantTables,
  '0004-approval-agent': approvalAgentColumn,
  '0005-cluster': clusterTables,
  '0006-console-sessions': consoleSessionTables,
  '0007-rollouts': rolloutTables,
  '0008-approval-runner': approvalRunnerColumn,
  '0009-authority': authorityColumn,
  '0010-state-changes': stateChangeTable,
  '0011-silences': silenceTable,
  '0012-admin-token-use': adminTokenUseColumns,
  '0013-replica-slot': replicaSlotColumn,
};

/**
 * The oldest migration that a gateway must know to use the tables as the last migration leaves them, so that replicas can
 * be upgraded one by one. New tables and new columns that may be null do not raise it. A migration that removes or renames
 * something does, and must come a minor version after the last gateway that used it.
 */
export const READABLE_FROM: keyof typeof migrations = '0005-cluster';
