import {
  ConsoleCode,
  type ConsoleSession,
  ConsoleSessionList,
  CurrentConsoleSession,
  EndedConsoleSessions,
  IdParams,
  NewConsoleSession,
  problemResponses,
  StartedConsoleSession,
} from '@penstock/api-schema';
import { AttemptLimit, readableAddress, sourceAddressKey } from '@penstock/runtime';
import {
  type ConsoleSessions,
  endOf,
  requireSafeTransport,
  requireSameOrigin,
  SignInRefusal,
  sessionCookie,
} from '@penstock/sign-in';
import type { ConsoleSessionRow, ConsoleUser } from '@penstock/store';
import { ProblemError } from '@penstock/wire';
import type { FastifyRequest } from 'fastify';
import type { AuthenticatedRequester } from '../actor.ts';
import { attempted } from '../identity/attempts.ts';
import { ApiProblem } from './problem.ts';
import { timestamp } from './timestamp.ts';
import type { TypedApp } from './typed-app.ts';

export type ConsoleSite = {
  /** Whether the admin address uses TLS. */
  readonly hasTls: boolean;
  /** `console.url` of gateway.yaml. */
  readonly consoleUrl: string | undefined;
};

export type ConsoleSessionsDependencies = {
  readonly sessions: ConsoleSessions;
  readonly site: () => ConsoleSite;
  readonly clock: () => number;
};

/** Failed sign-ins of one source address in a minute. Codes cannot be guessed, but each attempt reads the store. */
const MAX_SIGN_IN_FAILURES = 30;

export type SignInDependencies = ConsoleSessionsDependencies & {
  /** Authenticates the bearer token of a request. Rejects with ApiProblem or ProblemError. */
  readonly authenticate: (request: FastifyRequest) => Promise<AuthenticatedRequester>;
};

/** POST /console-sessions: signing in, which needs no session yet. */
export function signInRoute(
  app: TypedApp,
  { sessions, site, clock, authenticate }: SignInDependencies,
): void {
  const attempts = new AttemptLimit({ maxAttempts: MAX_SIGN_IN_FAILURES, windowMs: 60_000, clock });
  app.post(
    '/console-sessions',
    {
      schema: {
        summary: 'Sign in to the console',
        description:
          'With a one-time code or an admin token. Sets the first half of the secret as a cookie and returns the second one. ' +
          'Only for pages of this gateway: requires `Sec-Fetch-Site: same-origin`, or an `Origin` that equals the host.',
        tags: ['console'],
        security: [{ adminToken: [] }, {}],
        body: NewConsoleSession,
        response: { 201: StartedConsoleSession, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { headers, ip } = request;
      const { isSecure } = requireSafeTransport(headers.host, site());
      requireSameOrigin(headers, isSecure);
      const { code } = request.body;
      const address = readableAddress(ip);
      const { session, cookie, header } =
        code === undefined
          ? await sessions.start(userOf(await authenticate(request)), address, 'admin-token')
          : await attempted(
              attempts,
              sourceAddressKey(ip),
              (error) => error instanceof SignInRefusal,
              () => sessions.redeem(code, address),
            );
      void reply.header('set-cookie', sessionCookie(cookie, { host: headers.host ?? '', isSecure }));
      void reply.header('cache-control', 'no-store');
      return reply.code(201).send({ ...resourceOf(session), time: timestamp(clock()), secret: header });
    },
  );
}

/** /console-sessions and /console-codes: the sessions of people who use the console. */
export function consoleSessionRoutes(
  app: TypedApp,
  { sessions, site, clock }: ConsoleSessionsDependencies,
): void {
  const currentOf = async ({ session }: AuthenticatedRequester): Promise<ConsoleSessionRow> => {
    const row = session === undefined ? undefined : await sessions.byId(session);
    if (row !== undefined) return row;
    throw new ProblemError('NOT_FOUND', 'This request uses an admin token. It has no console session.');
  };
  const removeCookie = ({ headers }: FastifyRequest): string =>
    sessionCookie(undefined, {
      host: headers.host ?? '',
      isSecure: requireSafeTransport(headers.host, site()).isSecure,
    });

  app.post(
    '/console-codes',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Create a one-time code that signs in to the console',
        description: 'For a minute, and with the identity and the role of the admin token of this request.',
        tags: ['console'],
        response: { 201: ConsoleCode, ...problemResponses },
      },
    },
    async ({ actor }, reply) => {
      if (actor.session !== undefined) {
        throw new ApiProblem(
          'ADMIN_TOKEN_REQUIRED',
          'Sign-in codes are created with an admin token, not in a console session.',
        );
      }
      const { code, expiresAt } = await sessions.createCode(userOf(actor));
      const path = `/console/#code=${code}`;
      const { consoleUrl } = site();
      const url = consoleUrl === undefined ? undefined : new URL(path, consoleUrl).href;
      return reply
        .code(201)
        .send({ code, expiresAt: timestamp(expiresAt), path, ...(url !== undefined && { url }) });
    },
  );

  app.get(
    '/console-sessions/current',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Get the console session of this request',
        description: 'Does not count as use.',
        tags: ['console'],
        response: { 200: CurrentConsoleSession, ...problemResponses },
      },
    },
    async ({ actor }) => ({ ...resourceOf(await currentOf(actor)), time: timestamp(clock()) }),
  );

  app.delete(
    '/console-sessions/current',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Sign out',
        tags: ['console'],
        response: { 200: EndedConsoleSessions, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { actor } = request;
      const ended = await sessions.end([await currentOf(actor)], actor, 'signed out');
      void reply.header('set-cookie', removeCookie(request));
      return { ended };
    },
  );

  app.get(
    '/console-sessions',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'List console sessions, newest first',
        description: 'Those of the caller; for an admin, those of everyone. At most 500.',
        tags: ['console'],
        response: { 200: ConsoleSessionList, ...problemResponses },
      },
    },
    async ({ actor }) => {
      const rows = await sessions.list(actor.role === 'admin' ? undefined : actor.id);
      return { items: rows.map(resourceOf) };
    },
  );

  app.delete(
    '/console-sessions',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'Sign out everywhere',
        description: 'Ends every console session of the caller.',
        tags: ['console'],
        response: { 200: EndedConsoleSessions, ...problemResponses },
      },
    },
    async (request, reply) => {
      const { actor } = request;
      const ended = await sessions.end(await sessions.list(actor.id), actor, 'signed out everywhere');
      if (actor.session !== undefined) void reply.header('set-cookie', removeCookie(request));
      return { ended };
    },
  );

  app.delete(
    '/console-sessions/:id',
    {
      config: { role: 'viewer' },
      schema: {
        summary: 'End a console session',
        description: "One of the caller's; an admin can end those of others.",
        tags: ['console'],
        params: IdParams,
        response: { 200: EndedConsoleSessions, ...problemResponses },
      },
    },
    async ({ params: { id }, actor }) => {
      const session = await sessions.byId(id);
      const isTheirs = actor.role === 'admin' || session?.actor === actor.id;
      if (session === undefined || !isTheirs) {
        throw new ProblemError('NOT_FOUND', `There is no console session ${id}, or it has ended.`);
      }
      const reason = session.actor === actor.id ? 'signed out' : 'ended by an admin';
      return { ended: await sessions.end([session], actor, reason) };
    },
  );
}

function userOf({ id, role, name }: AuthenticatedRequester): ConsoleUser {
  const tokenId = id.startsWith('admin-token:') ? id.slice('admin-token:'.length) : null;
  return { actor: id, tokenId, name, role };
}

function resourceOf(session: ConsoleSessionRow): ConsoleSession {
  const { id, actor, name, role, address, createdAt, seenAt, expiresAt } = session;
  return {
    id,
    actor,
    name,
    role,
    address,
    createdAt: timestamp(createdAt),
    seenAt: timestamp(seenAt),
    expiresAt: timestamp(expiresAt),
    idleAt: timestamp(endOf(session)),
  };
}
