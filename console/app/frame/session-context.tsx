import { createContext, useContext } from 'react';
import { type ConsoleSession, type Role, roleAllows } from '../api/session.ts';

export type SessionState = {
  readonly session: ConsoleSession;
  /** The session has ended; the page stays as it is behind a form to sign in again. */
  readonly isExpired: boolean;
};

export const SessionContext = createContext<SessionState | undefined>(undefined);

export function useSession(): ConsoleSession {
  const state = useContext(SessionContext);
  if (state === undefined) throw new Error('This page is shown without a session.');
  return state.session;
}

/** Why the user must not do what needs `role`; undefined if it is allowed. */
export function useMissingRole(role: Role): string | undefined {
  const session = useSession();
  return roleAllows(session.role, role)
    ? undefined
    : `This needs the role ${role}. You are signed in as ${session.role}.`;
}
