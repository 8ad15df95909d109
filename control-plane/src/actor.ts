import type { AdminRole } from '@penstock/store';

/** Who performs an action, as the audit log records it. */
export type Actor = {
  /** `admin-token:ID`, `oidc:ISSUER SUBJECT`, `enrollment-token:ID`, `agent:ID`, or `host` for commands on the gateway's host. */
  readonly id: string;
  /** Source address of the request; undefined for actions that no request caused. */
  readonly address?: string | undefined;
};

/** An actor that called the API, with the role of its admin token or of its console session. */
export type Requester = Actor & { readonly role: AdminRole };

/** A requester as authenticated by its credential. */
export type AuthenticatedRequester = Requester & {
  /** Name of the admin token or of the user. */
  readonly name: string;
  /** ID of the console session of the request, if it was made in one. */
  readonly session?: string | undefined;
  /** When its admin token expires, in milliseconds since 1970. */
  readonly expiresAt?: number | undefined;
};

/** Before the name of a channel that creates rollouts. It has no token, and is no user. */
export const CHANNEL_ACTOR_PREFIX = 'channel:';
