/** In the order of what matters most; docs/api.md says what each means. */
export const agentStates = [
  'revoked',
  'identity-expired',
  'quarantined',
  'draining',
  'stale',
  'disconnected',
  'degraded',
  'connected',
] as const;
export type AgentState = (typeof agentStates)[number];

/** What the gateway knows of an agent that has a session. Times are milliseconds since 1970. */
export type AgentView = {
  readonly id: string;
  readonly name: string;
  readonly pool: string;
  readonly state: AgentState;
  /** When the oldest of its sessions began. */
  readonly connectedSince: number;
  /** The agent's address, as its sessions show it. */
  readonly address: string;
  readonly sessions: { readonly got: number; readonly wanted: number };
  readonly softwareVersion: string;
  readonly config: { readonly version: number; readonly digest: string };
  readonly connectors: readonly { readonly name: string; readonly kind: string }[];
  readonly streams: { readonly open: number; readonly opening: number };
  /** Undefined until the first one. */
  readonly lastHeartbeat: number | undefined;
  readonly identityNotAfter: number;
};
