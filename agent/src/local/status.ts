import type { AgentMessageOf } from '@penstock/wire';

/** The agent's own view of its state, which `penstock-agent status` shows. */
export type AgentStatus = {
  readonly name: string;
  readonly pool: string;
  readonly agentId: string | undefined;
  readonly version: string;
  readonly config: { readonly version: number; readonly digest: string };
  /** The configuration that the gateway pins; undefined without a pin. */
  readonly pin:
    | { readonly version: number; readonly digest: string; readonly mode: string; readonly drifted: boolean }
    | undefined;
  /** The latest state that the gateway announced, such as `connected` or `quarantined`. */
  readonly agentState: string | undefined;
  readonly gateway: string;
  readonly ready: boolean;
  readonly reasons: readonly string[];
  readonly sessions: { readonly wanted: number; readonly ready: number };
  /** Replicas of the gateway that have a session, of those that could. */
  readonly replicas?: { readonly reached: number; readonly wanted: number } | undefined;
  readonly streams: { readonly open: number; readonly opening: number };
  /** Connections that have lost their session and are kept for another one. */
  readonly adrift: number;
  readonly identityNotAfter: string | undefined;
  /** Milliseconds that the gateway's clock is ahead, once measured. */
  readonly clockOffset: number | undefined;
  readonly lastFailure: { readonly at: string; readonly message: string } | undefined;
  readonly connectors: readonly {
    readonly name: string;
    readonly kind: string;
    readonly address: string;
    /** The last check result, if the configuration enables checks. */
    readonly check?: AgentMessageOf<'heartbeat'>['checks'][number] | undefined;
  }[];
};
