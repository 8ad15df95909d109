import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** A file of the web console, held in memory. */
export type ConsoleFile = {
  readonly type: string;
  readonly body: Buffer;
  readonly gzip?: Buffer;
  /** With its quotes (RFC 9110 section 8.8.3). */
  readonly etag: string;
  readonly isImmutable: boolean;
};

/** Where the files of the console come from; rejects with an error whose message says why there are none. */
export type ConsoleSource = { files(): Promise<ReadonlyMap<string, ConsoleFile>> };

export const CONSOLE_PATH = '/console/';
const INDEX = 'index.html';

/** Only files of this gateway: no inline script or style, no other host, no HTML from strings. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** Of every answer that a browser shows. */
export const securityHeaders = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
};

const ONE_YEAR_SECONDS = 31_536_000;

/**
 * /console/: the files of the web console, without authentication: they contain no data. Every other path below it is a
 * page, whose URL the console reads. `isSafe`: whether a session can be trusted to the way the browser takes to this gateway.
 */
export function consoleRoutes(
  app: FastifyInstance,
  source: ConsoleSource,
  isSafe: (request: FastifyRequest) => boolean = () => true,
): void {
  const hidden = { schema: { hide: true } };
  const toConsole = async (_request: FastifyRequest, reply: FastifyReply) => reply.redirect(CONSOLE_PATH);
  app.get('/', hidden, toConsole);
  app.get('/console', hidden, toConsole);
  app.get<{ Params: { '*': string } }>(`${CONSOLE_PATH}*`, hidden, async (request, reply) => {
    void reply.headers(securityHeaders);
    if (!isSafe(request)) return sendNeedsTls(reply);
    const path = request.params['*'];
    const files = await source.files().catch((error: Error) => error);
    if (files instanceof Error) return sendMissing(reply, files.message);
    const file = files.get(path) ?? (isPage(path) ? files.get(INDEX) : undefined);
    if (file === undefined) return reply.callNotFound();
    return sendFile(request, reply, file);
  });
}

/** `agents/a1` is a page. A build that was replaced leaves no files that are answered with a page. */
const isPage = (path: string) => !path.startsWith('assets/');

function sendFile(request: FastifyRequest, reply: FastifyReply, file: ConsoleFile): FastifyReply {
  const { type, body, gzip, etag, isImmutable } = file;
  void reply
    .header('cache-control', isImmutable ? `public, max-age=${ONE_YEAR_SECONDS}, immutable` : 'no-cache')
    .header('etag', etag)
    .header('vary', 'accept-encoding');
  if (request.headers['if-none-match'] === etag) return reply.code(304).send();
  void reply.type(type);
  if (gzip === undefined || !acceptsGzip(request)) return reply.send(body);
  return reply.header('content-encoding', 'gzip').send(gzip);
}

const acceptsGzip = ({ headers }: FastifyRequest) =>
  /\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))/.test(headers['accept-encoding'] ?? '');

function sendMissing(reply: FastifyReply, reason: string): FastifyReply {
  return reply
    .code(503)
    .type('text/plain; charset=utf-8')
    .header('cache-control', 'no-store')
    .send(
      `The console is not built.\n\n${reason}\n\nIn a checkout, npm ci installs what building it needs. The API is not ` +
        'affected: penstock-gateway agent list shows the fleet.\n',
    );
}

function sendNeedsTls(reply: FastifyReply): FastifyReply {
  return reply
    .code(403)
    .type('text/plain; charset=utf-8')
    .header('cache-control', 'no-store')
    .send(
      'The console needs TLS.\n\nIt is served over plain HTTP here, where everybody on the network path could take over a ' +
        'session. Set adminTls in gateway.yaml, or put a TLS proxy in front of the admin address and set console.url to ' +
        "its https:// URL. On the gateway's own host, or through ssh -L, http://127.0.0.1 works as it is.\n",
    );
}
