import { clock } from './client.ts';
import { asApiError, errorOf } from './problem.ts';
import { type Role, roleAllows } from './role.ts';
import { keepSecret, readSecret } from './session-secret.ts';
import type { ConsoleSession, SignInMethods } from './types.ts';

const SESSIONS = '/api/v1/console-sessions';

/** Starts a session with an admin token or a one-time code. Rejects with ApiError. */
export async function signIn(
  credential: { readonly token: string } | { readonly code: string },
): Promise<ConsoleSession> {
  const started = (await send('POST', SESSIONS, {
    body: 'code' in credential ? { code: credential.code } : {},
    headers: 'token' in credential ? { authorization: `Bearer ${credential.token}` } : {},
  })) as ConsoleSession & { readonly secret: string };
  keepSecret(started.secret);
  return started;
}

/** The session of this browser; undefined if it has none, or it has ended. Rejects with ApiError. */
export async function currentSession(): Promise<ConsoleSession | undefined> {
  if (readSecret() === undefined) return undefined;
  try {
    return (await send('GET', `${SESSIONS}/current`)) as ConsoleSession;
  } catch (error) {
    if (asApiError(error).status === 401) return undefined;
    throw error;
  }
}

/** Ends this session, or all sessions of its user. Signs out here in any case. */
export async function signOut(where: 'here' | 'everywhere'): Promise<void> {
  try {
    await send('DELETE', where === 'here' ? `${SESSIONS}/current` : SESSIONS);
  } finally {
    keepSecret(undefined);
  }
}

/** The ways to sign in that this gateway offers, and its organization. Rejects with ApiError. */
export async function signInMethods(): Promise<SignInMethods> {
  return (await send('GET', '/api/v1/sign-in-methods')) as SignInMethods;
}

async function send(
  method: string,
  path: string,
  {
    body,
    headers = {},
  }: { readonly body?: object; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<unknown> {
  const secret = readSecret();
  const sentAt = Date.now();
  const response = await fetch(path, {
    method,
    headers: {
      ...headers,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(secret !== undefined && headers['authorization'] === undefined && { 'penstock-session': secret }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(20_000),
  }).catch((error: unknown) => {
    throw asApiError(error);
  });
  clock.learn(Date.parse(response.headers.get('date') ?? ''), sentAt, Date.now(), 500);
  const answer: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw errorOf(response, answer);
  return answer;
}

export type { ConsoleSession };
export { type Role, roleAllows };
