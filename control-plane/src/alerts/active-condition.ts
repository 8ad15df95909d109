import type { AlertCondition } from '@penstock/config-schema';

/** A condition that holds for one subject. */
export type ActiveCondition = {
  readonly condition: AlertCondition;
  /** `agent:NAME`, `pool:NAME`, `connection:NAME`, `connector:POOL/AGENT/NAME` or `gateway`. */
  readonly subject: string;
  readonly pool: string | undefined;
  readonly detail: string;
};
