import { AttemptLimit, readableAddress, sourceAddressKey } from '@penstock/runtime';
import {
  type ConsoleSessions,
  readSessionCookie,
  requireSafeTransport,
  requireSameOrigin,
  type SessionHalves,
  SignInRefusal,
} from '@penstock/sign-in';
import type { AdminRole, AdminTokenRow, Store } from '@penstock/store';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AuthenticatedRequester } from '../actor.ts';
import { attempted, takeAttempt } from '../identity/attempts.ts';
import { idOfToken, otherCredential, tokenMatches } from '../identity/token-secret.ts';
import type { ConsoleSite } from './console-sessions.ts';
import { ApiProblem } from './problem.ts';
import { type RememberedTokens, rememberedTokens } from './remembered-tokens.ts';
import { type TokenUses, tokenUses } from './token-uses.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The minimum role that the route requires. */
    role?: AdminRole;
  }
  interface FastifyRequest {
    /** Who asks, for the audit trail; set on every route that has a role. */
    actor: AuthenticatedRequester;
  }
}

const MINUTE = 60_000;
const ranks: Readonly<Record<AdminRole, number>> = { viewer: 0, operator: 1, admin: 2 };
const BEARER = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i;
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

export type AuthenticationOptions = {
  readonly store: Pick<Store, 'adminTokens' | 'onAudit'>;
  readonly sessions: ConsoleSessions;
  /** Whether this actor may still sign in: those of an identity provider only while gateway.yaml has one. */
  readonly isUser: (actor: string) => boolean;
  readonly site: () => ConsoleSite;
  readonly clock: () => number;
};

export type Authentication = {
  /** Who sends the request, by its bearer token or its console session. Rejects with ApiProblem, SignInRefusal or ProblemError. */
  authenticate(request: FastifyRequest): Promise<AuthenticatedRequester>;
  /** A hook that authenticates requests and checks the role that the route requires. */
  readonly hook: (request: FastifyRequest, reply: FastifyReply) => Promise<void>;
};

/** What a request shows to prove who sends it. */
type Credential = {
  /** Equal for requests that show the same. */
  readonly key: string;
  /** Whether it was valid recently. */
  readonly isRemembered: boolean;
  lookUp(): Promise<AuthenticatedRequester>;
};

/**
 * Authenticates requests by their bearer token (RFC 6750) or their console session. Only failures count against a limit per
 * source address. Secrets with 256 random bits cannot be guessed, but every attempt reads the store. A source over the
 * limit is therefore only served if its credential was valid recently.
 */
export function authentication({
  store,
  sessions,
  isUser,
  site,
  clock,
}: AuthenticationOptions): Authentication {
  const attempts = new AttemptLimit({ maxAttempts: 60, windowMs: MINUTE, clock });
  const tokens = rememberedTokens(store.adminTokens, store.onAudit);
  const uses = tokenUses(store.adminTokens);
  const lookups = new Map<string, Promise<AuthenticatedRequester>>();

  /** For a credential that was valid recently: only a failure counts. */
  const recheck = (source: string, credential: Credential) =>
    credential.lookUp().catch((error: unknown) => {
      if (isFault(error)) takeAttempt(attempts, source);
      throw error;
    });

  /**
   * For any other: the attempt counts before the store is read, so that concurrent requests cannot exceed the limit.
   * Concurrent requests with the same credential share one lookup and one attempt.
   */
  const lookUp = (source: string, credential: Credential): Promise<AuthenticatedRequester> => {
    const key = `${source} ${credential.key}`;
    const running = lookups.get(key);
    if (running !== undefined) return running;
    const lookup = attempted(attempts, source, isFault, () => credential.lookUp()).finally(() =>
      lookups.delete(key),
    );
    lookups.set(key, lookup);
    return lookup;
  };

  const authenticate = async (request: FastifyRequest): Promise<AuthenticatedRequester> => {
    const source = sourceAddressKey(request.ip);
    const address = readableAddress(request.ip);
    const header = request.headers['penstock-session'];
    const credential =
      request.headers.authorization === undefined && typeof header === 'string'
        ? sessionCredential(request, header, { sessions, isUser, site })
        : tokenCredential(request, { tokens, uses, clock });
    const requester = await (credential.isRemembered ? recheck : lookUp)(source, credential);
    return { ...requester, address };
  };

  return {
    authenticate,
    async hook(request) {
      const role = request.routeOptions.config.role ?? 'admin';
      const requester = await authenticate(request);
      if (ranks[requester.role] < ranks[role]) {
        const what = requester.session === undefined ? 'the admin token' : 'the console session of';
        throw new ApiProblem(
          'ROLE_INSUFFICIENT',
          `This requires the role ${role}, but ${what} ${requester.name} has the role ${requester.role}.`,
        );
      }
      request.actor = requester;
    },
  };
}

/** Whether a failure counts as an attempt to guess. An expired session was known. */
const isFault = (error: unknown) =>
  error instanceof ApiProblem || (error instanceof SignInRefusal && error.code === 'CONSOLE_SESSION_UNKNOWN');

/** Throws ApiProblem for a request without a token. */
function tokenCredential(
  { headers }: FastifyRequest,
  {
    tokens,
    uses,
    clock,
  }: { readonly tokens: RememberedTokens; readonly uses: TokenUses; readonly clock: () => number },
): Credential {
  const bearer = BEARER.exec(headers.authorization ?? '')?.[1];
  // Not an attempt: nothing is guessed, and the store is not read.
  if (bearer === undefined) throw tokenRequired();
  return {
    key: `token ${bearer}`,
    isRemembered: tokens.has(bearer),
    async lookUp() {
      const now = clock();
      const row = await rowOf(bearer, tokens, now);
      uses.note(row, now);
      const { id, name, role, expiresAt } = row;
      return { id: `admin-token:${id}`, name, role, ...(expiresAt !== null && { expiresAt }) };
    },
  };
}

/** Throws SignInRefusal for a request that a browser must not send in a session. */
function sessionCredential(
  { headers, method, routeOptions }: FastifyRequest,
  header: string,
  { sessions, isUser, site }: Pick<AuthenticationOptions, 'sessions' | 'isUser' | 'site'>,
): Credential {
  const { isSecure } = requireSafeTransport(headers.host, site());
  if (!safeMethods.has(method)) requireSameOrigin(headers, isSecure);
  const cookie = readSessionCookie(headers.cookie, { host: headers.host ?? '', isSecure });
  const halves: SessionHalves = { cookie, header };
  // Asking how long the session lasts does not make it last longer.
  const isUse = headers['penstock-background'] !== 'true' && !routeOptions.url?.endsWith('/current');
  return {
    key: `session ${isUse} ${header} ${cookie}`,
    isRemembered: sessions.isRemembered(halves),
    async lookUp() {
      const { id, actor, name, role } = await sessions.authenticate(halves, isUse);
      if (!isUser(actor)) {
        throw new SignInRefusal(
          'CONSOLE_SESSION_UNKNOWN',
          'gateway.yaml no longer has the identity provider of this session. Sign in again.',
        );
      }
      return { id: actor, name, role, session: id };
    },
  };
}

const tokenRequired = () =>
  new ApiProblem(
    'ADMIN_TOKEN_REQUIRED',
    'This request requires an admin token: Authorization: Bearer pst_admin_… (penstock-gateway reads it from PENSTOCK_TOKEN).',
  );

async function rowOf(token: string, tokens: RememberedTokens, now: number): Promise<AdminTokenRow> {
  const id = idOfToken('admin', token);
  const row = id === undefined ? undefined : await tokens.byId(id);
  if (row === undefined || !tokenMatches(token, row.hash)) {
    const other = otherCredential('admin', token);
    throw new ApiProblem('ADMIN_TOKEN_UNKNOWN', other && `This is ${other}. The API takes admin tokens.`);
  }
  if (row.revokedAt !== null) throw new ApiProblem('ADMIN_TOKEN_REVOKED');
  if (row.expiresAt !== null && row.expiresAt <= now) throw new ApiProblem('ADMIN_TOKEN_EXPIRED');
  return row;
}
