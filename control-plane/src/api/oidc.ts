import { SignInMethods } from '@penstock/api-schema';
import { AttemptLimit, readableAddress, sourceAddressKey } from '@penstock/runtime';
import {
  type ConsoleSessions,
  type OidcSignIn,
  pendingCookie,
  readPendingCookie,
  requireSafeTransport,
  SignInRefusal,
} from '@penstock/sign-in';
import type { Store } from '@penstock/store';
import { ProblemError } from '@penstock/wire';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { attempted, takeAttempt } from '../identity/attempts.ts';
import { securityHeaders } from './console-pages.ts';
import type { ConsoleSite } from './console-sessions.ts';
import type { TypedApp } from './typed-app.ts';

export type OidcDependencies = {
  readonly store: Pick<Store, 'audit'>;
  readonly oidc: OidcSignIn;
  readonly sessions: Pick<ConsoleSessions, 'createCode'>;
  readonly site: () => ConsoleSite;
  readonly organization: () => string;
  readonly clock: () => number;
};

const START = '/console/oidc/start';
const CALLBACK = '/console/oidc/callback';
/** Sign-ins that a source address may start or fail in a minute. */
const MAX_ATTEMPTS = 30;

/** Signing in with an identity provider: the browser is sent there, returns with a code, and gets a one-time code of ours. */
export function oidcRoutes(app: TypedApp, dependencies: OidcDependencies): void {
  const { store, oidc, sessions, site, organization, clock } = dependencies;
  const attempts = new AttemptLimit({ maxAttempts: MAX_ATTEMPTS, windowMs: 60_000, clock });
  const hidden = { schema: { hide: true } };

  app.get(
    '/api/v1/sign-in-methods',
    {
      schema: {
        summary: 'List the ways to sign in to the console',
        tags: ['console'],
        security: [],
        response: { 200: SignInMethods },
      },
    },
    async () => ({
      organization: organization(),
      code: true,
      ...(oidc.isConfigured && { oidc: { path: START } }),
    }),
  );

  app.get(START, hidden, (request, reply) =>
    answering(reply, async () => {
      const { isSecure } = requireSafeTransport(request.headers.host, site());
      takeAttempt(attempts, sourceAddressKey(request.ip));
      const { url, pending } = await oidc.begin(redirectUri(request, site(), isSecure));
      const cookie = pendingCookie(pending, { host: request.headers.host ?? '', isSecure });
      return reply.header('set-cookie', cookie).redirect(url.href);
    }),
  );

  app.get(CALLBACK, hidden, (request, reply) =>
    answering(reply, async () => {
      const { headers, ip, url } = request;
      const { isSecure } = requireSafeTransport(headers.host, site());
      const cookie = { host: headers.host ?? '', isSecure };
      void reply.header('set-cookie', pendingCookie(undefined, cookie));
      const callback = new URL(redirectUri(request, site(), isSecure));
      callback.search = new URL(url, callback).search;
      const isFault = (error: unknown) => error instanceof SignInRefusal;
      const pending = readPendingCookie(headers.cookie, cookie);
      try {
        const user = await attempted(attempts, sourceAddressKey(ip), isFault, async () =>
          oidc.finish(callback, pending),
        );
        const { code } = await sessions.createCode(user);
        return reply.redirect(`/console/#code=${code}`);
      } catch (error) {
        // Without a sign-in that has begun here, anybody could fill the audit trail.
        if (error instanceof SignInRefusal && pending !== undefined) await audit(error, readableAddress(ip));
        throw error;
      }
    }),
  );

  async function audit(refusal: SignInRefusal, address: string): Promise<void> {
    await store.audit.append({
      at: clock(),
      actor: 'oidc',
      action: 'console-session.refuse',
      subject: 'console',
      address,
      after: { reason: refusal.message },
    });
  }
}

/** Where the provider sends the browser back to: what is registered there, so `console.url` if that is set. */
function redirectUri({ headers }: FastifyRequest, { consoleUrl }: ConsoleSite, isSecure: boolean): string {
  return new URL(CALLBACK, consoleUrl ?? `${isSecure ? 'https' : 'http'}://${headers.host}`).href;
}

/** A person reads the answer of a navigation: refusals are text, not problem documents. */
async function answering(reply: FastifyReply, work: () => Promise<FastifyReply>): Promise<FastifyReply> {
  void reply.headers(securityHeaders).header('cache-control', 'no-store');
  try {
    return await work();
  } catch (error) {
    const isKnown = error instanceof SignInRefusal || error instanceof ProblemError;
    if (!isKnown) throw error;
    return reply
      .code(error.code === 'TOO_MANY_REQUESTS' ? 429 : 403)
      .type('text/plain; charset=utf-8')
      .send(`Signing in was refused.\n\n${error.message}\n\nThe console is at /console/.\n`);
  }
}
