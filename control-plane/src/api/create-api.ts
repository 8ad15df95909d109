import { ConsoleSessions, OidcSignIn, requireKnownHost, transportOf } from '@penstock/sign-in';
import fastify, { type FastifyInstance, type FastifyServerOptions } from 'fastify';
import type { AuthenticatedRequester } from '../actor.ts';
import { secureContextOf } from './admin-tls.ts';
import { collectMethods } from './allowed-methods.ts';
import type { ApiDependencies } from './api-dependencies.ts';
import { authentication } from './authentication.ts';
import { consoleRoutes } from './console-pages.ts';
import { type ConsoleSite, signInRoute } from './console-sessions.ts';
import { healthRoutes } from './health.ts';
import { limitConnections } from './limit-connections.ts';
import { oidcRoutes } from './oidc.ts';
import { describeApi } from './openapi/describe-api.ts';
import { answerBadPath, answerProblems } from './problem-handler.ts';
import { validateStrictly } from './request-validation.ts';
import { resourceRoutes } from './resource-routes.ts';
import { serializeBySchema } from './response-schemas.ts';
import { SchemasWhenUsed } from './schemas-when-used.ts';
import { streamAccess } from './stream-access.ts';
import type { TypeBoxProvider } from './typed-app.ts';

const KIB = 1024;
const SECOND = 1000;
/** For a TLS handshake, for the headers of a request, and for a request with its body. */
const REQUEST_TIMEOUT_MS = 10 * SECOND;
/** Node looks for requests that have timed out this often. Its default of 30 s adds as much to every timeout. */
const CHECK_INTERVAL_MS = SECOND;

const timeouts = { headersTimeout: REQUEST_TIMEOUT_MS, connectionsCheckingInterval: CHECK_INTERVAL_MS };

/**
 * Creates the control plane's HTTP server for the admin address. The caller starts it with `listen({ host, port })` and
 * stops it with `close()`, which also closes open connections.
 */
export async function createApi(dependencies: ApiDependencies): Promise<FastifyInstance> {
  const { store, readiness, metrics, report, tls, clock = Date.now } = dependencies;
  const options: FastifyServerOptions = {
    logger: false,
    bodyLimit: 64 * KIB,
    // Longer than the slowest request to an agent: no bytes are sent until the agent has answered.
    connectionTimeout: 90 * SECOND,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: 10 * SECOND,
    forceCloseConnections: true,
    trustProxy: false,
    frameworkErrors: answerBadPath,
    routerOptions: { maxParamLength: 128 },
  };
  // Fastify has a different type for each kind of server, but the calls made here are the same.
  const app = fastify({
    ...options,
    ...(tls === undefined
      ? { http: timeouts }
      : { https: { ...secureContextOf(tls), ...timeouts, handshakeTimeout: REQUEST_TIMEOUT_MS } }),
  } as FastifyServerOptions).withTypeProvider<TypeBoxProvider>();
  const limited = limitConnections(app.server);
  const schemas = new SchemasWhenUsed();
  validateStrictly(app, schemas);
  serializeBySchema(app, schemas);
  answerProblems(app, report, collectMethods(app));
  const { url, certificate, hostName } = dependencies.names;
  app.addHook('onRequest', async ({ headers }) => {
    // A page that has an admin token needs no rebinding.
    if (headers.authorization !== undefined) return;
    requireKnownHost(headers.host, { consoleUrl: url(), certificate: certificate(), hostName });
  });
  const site = (): ConsoleSite => ({ hasTls: tls !== undefined, consoleUrl: url() });
  const sessions = new ConsoleSessions({ store, clock });
  const oidc = new OidcSignIn(dependencies.names.oidc, clock);
  const isUser = (actor: string) => !actor.startsWith('oidc:') || oidc.isUser(actor);
  const { authenticate, hook } = authentication({ store, sessions, isUser, site, clock });
  const accessOf = (requester: AuthenticatedRequester) => streamAccess(requester, sessions, clock);
  await describeApi(app, schemas);
  if (dependencies.compileSchemas === true) app.addHook('onReady', async () => schemas.compileAll());
  healthRoutes(app, readiness, metrics);
  if (dependencies.webConsole !== undefined) {
    consoleRoutes(
      app,
      dependencies.webConsole,
      ({ headers }) => transportOf(headers.host, site()) !== undefined,
    );
  }
  const { organization } = dependencies.names;
  oidcRoutes(app, { store, oidc, sessions, site, organization, clock });
  await app.register(
    async (api) =>
      signInRoute(api.withTypeProvider<TypeBoxProvider>(), { sessions, site, clock, authenticate }),
    { prefix: '/api/v1' },
  );
  await app.register(
    async (api) => {
      api.decorateRequest('actor');
      api.addHook('onRoute', ({ config, url }) => {
        if (config?.role === undefined)
          throw new TypeError(`${url} does not declare the role that it requires.`);
      });
      api.addHook('onRequest', hook);
      api.addHook('onRequest', async ({ raw }) => limited.authenticated(raw.socket));
      api.addHook('onSend', async (_request, reply) => {
        void reply.header('cache-control', 'no-store');
      });
      resourceRoutes(api.withTypeProvider<TypeBoxProvider>(), dependencies, {
        sessions,
        site,
        accessOf,
        hasTls: tls !== undefined,
        clock,
      });
    },
    { prefix: '/api/v1' },
  );
  return app;
}
