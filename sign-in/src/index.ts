export { type OwnNames, requireKnownHost } from './allowed-hosts.ts';
export { ConsoleSessions, endOf, type StartedSession, sessionLimits } from './console-sessions.ts';
export { endSessionsOfToken } from './end-sessions.ts';
export { type OidcSettings, OidcSignIn } from './oidc/oidc-sign-in.ts';
export { pendingCookie, readPendingCookie } from './oidc/pending-cookie.ts';
export { SignInRefusal } from './refusal.ts';
export { requireSafeTransport, requireSameOrigin, type Transport, transportOf } from './request-origin.ts';
export { readSessionCookie, sessionCookie } from './session-cookie.ts';
export type { SessionHalves } from './session-secret.ts';
