import type { Migration } from 'kysely/migration';
import { identityTables } from './0001-identity.ts';
import { controlPlaneTables } from './0002-control-plane.ts';
import { grantTables } from './0003-grants.ts';

/** Every migration by its name, run in the order of the names. A released one is never changed. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-identity': identityTables,
  '0002-control-plane': controlPlaneTables,
  '0003-grants': grantTables,
};
