import type { AdminRole } from '@penstock/store';

/** Who performs an action, as the audit log records it. */
export type Actor = {
  /** `admin-token:ID`, `enrollment-token:ID`, `agent:ID`, or `host` for commands that run on the gateway's host. */
  readonly id: string;
  /** Source address of the request; undefined for actions that no request caused. */
  readonly address?: string | undefined;
};

/** An actor that called the API, with the role of its admin token. */
export type Requester = Actor & { readonly role: AdminRole };
