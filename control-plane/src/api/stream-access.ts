import { type ConsoleSessions, endOf } from '@penstock/sign-in';
import type { AuthenticatedRequester } from '../actor.ts';
import type { FleetEvent } from '../events/fleet-event.ts';

/** The right of a listener to the stream that it has opened, which can end before the stream does. */
export type StreamAccess = {
  /** Whether this event ends it: the admin token was revoked, or the console session has ended. */
  isEndedBy(event: FleetEvent): boolean;
  /** Whether it has not expired. Asked while the stream is open. */
  isValid(): Promise<boolean>;
};

export function streamAccess(
  { id, session, expiresAt }: AuthenticatedRequester,
  sessions: Pick<ConsoleSessions, 'byId'>,
  clock: () => number,
): StreamAccess {
  return {
    isEndedBy({ type, data }) {
      if (type !== 'audit') return false;
      if (data.action === 'admin-token.revoke') return data.subject === id;
      return data.action === 'console-session.end' && data.subject === `console-session:${session}`;
    },
    async isValid() {
      if (expiresAt !== undefined && expiresAt <= clock()) return false;
      if (session === undefined) return true;
      const row = await sessions.byId(session);
      return row !== undefined && endOf(row) > clock();
    },
  };
}

/** Keeps the stream open for the store's outages, as the session itself is. */
export function checkAccess(access: StreamAccess, end: () => void): void {
  access.isValid().then(
    (isValid) => {
      if (!isValid) end();
    },
    () => {},
  );
}
