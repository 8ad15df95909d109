import { hostname } from 'node:os';
import type { GatewayConfig } from '@penstock/config-schema';

/** The name of this replica, which is the same after a restart. */
export const replicaName = ({ name }: NonNullable<GatewayConfig['cluster']>): string => name ?? hostname();
