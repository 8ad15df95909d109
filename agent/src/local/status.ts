import type { AgentMessageOf } from '@penstock/wire';

/** What `penstock-agent status` shows: the agent as it sees itself. */
export type AgentStatus = {
  readonly name: string;
  readonly pool: string;
  readonly agentId: string | undefined;
  readonly version: string;
  readonly config: { readonly version: number; readonly digest: string };
  /** What the gateway expects it to run on; undefined without a pin. */
  readonly pin:
    | { readonly version: number; readonly digest: string; readonly mode: string; readonly drifted: boolean }
    | undefined;
  /** What the gateway said last of its state, such as `connected` or `quarantined`. */
  readonly agentState: string | undefined;
  readonly gateway: string;
  readonly ready: boolean;
  readonly reasons: readonly string[];
  readonly sessions: { readonly wanted: number; readonly ready: number };
  readonly streams: { readonly open: number; readonly opening: number };
  readonly identityNotAfter: string | undefined;
  /** Milliseconds the gateway's clock is ahead, once measured. */
  readonly clockOffset: number | undefined;
  readonly lastFailure: { readonly at: string; readonly message: string } | undefined;
  readonly connectors: readonly {
    readonly name: string;
    readonly kind: string;
    readonly address: string;
    /** The last check of it, where the file has it checked. */
    readonly check?: AgentMessageOf<'heartbeat'>['checks'][number] | undefined;
  }[];
};
