import type { AgentState } from '@penstock/api-schema';

/** What is known of this gateway itself. Times are milliseconds since 1970. */
export type GatewayHealth = {
  readonly startedAt: number;
  /** Another one after every start. */
  readonly epoch: string;
  readonly version: string;
  /** End of the certificate that agents are shown. */
  readonly certificateNotAfter: number;
  /** It ends within health.certificateExpiry, or has ended. */
  readonly certificateExpiring: boolean;
  readonly agents: Readonly<Record<AgentState, number>>;
  /** Clients that wait for an agent, in all pools. */
  readonly waiting: number;
  /** Agents that are being asked to dial. */
  readonly opening: number;
};
