import type { ClientHttp2Session } from 'node:http2';
import { type DialOptions, dialGateway, type GatewayTarget } from './dial-gateway.ts';
import { GatewayError } from './gateway-error.ts';
import { readBody, retryAfterSeconds } from './read-body.ts';
import { openTunnelSession } from './tunnel-session.ts';

export type PlainRequest = {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Bytes of the answer, at most; 64 KiB when left out. */
  readonly most?: number;
};

export type PlainAnswer = {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfter?: number;
  /** The gateway's clock as its Date header says it, in milliseconds since 1970. */
  readonly date: number | undefined;
};

/** Milliseconds from the connection to the end of the answer. */
const ANSWER_TIMEOUT = 15_000;

export type PlainRequestOptions = DialOptions & { readonly answerTimeout?: number };

/**
 * One plain request on a connection of its own: the same way through proxy, TLS and certificate pin as a session.
 * Throws GatewayError; an answer with any status is an answer.
 */
export async function plainRequest(
  target: GatewayTarget,
  options: PlainRequestOptions,
  request: PlainRequest,
): Promise<PlainAnswer> {
  const { path } = request;
  const socket = await dialGateway(target, options);
  const timeout = AbortSignal.timeout(options.answerTimeout ?? ANSWER_TIMEOUT);
  const signal = AbortSignal.any([timeout, options.signal]);
  const giveUp = () => socket.destroy();
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    return await requestOn(await openTunnelSession(socket, target.url), request);
  } catch (error) {
    if (options.signal.aborted) throw options.signal.reason;
    if (timeout.aborted) throw new GatewayError('GATEWAY_TIMEOUT', `${path} got no answer in time.`);
    if (error instanceof GatewayError) throw error;
    throw new GatewayError('GATEWAY_PROTOCOL', `${path} failed.`, { cause: error });
  } finally {
    signal.removeEventListener('abort', giveUp);
    socket.destroy();
  }
}

/** The same on a session that is open. The caller bounds its time. Throws GatewayError. */
export async function requestOn(
  session: ClientHttp2Session,
  { method, path, body, most }: PlainRequest,
): Promise<PlainAnswer> {
  const stream = session.request(
    {
      ':method': method,
      ':path': path,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    { endStream: body === undefined },
  );
  type Head = Omit<PlainAnswer, 'body'>;
  const { promise, resolve, reject } = Promise.withResolvers<Head>();
  const cut = () => reject(new GatewayError('GATEWAY_PROTOCOL', `It cut ${path} off without an answer.`));
  stream.on('error', cut).once('close', cut);
  stream.once('response', (headers) => {
    const retryAfter = retryAfterSeconds(headers['retry-after']);
    const date = Date.parse(headers.date ?? '');
    resolve({
      status: headers[':status'] ?? 0,
      date: Number.isNaN(date) ? undefined : date,
      ...(retryAfter !== undefined && { retryAfter }),
    });
  });
  if (body !== undefined) stream.end(JSON.stringify(body));
  const head = await promise;
  return { ...head, body: await readBody(stream, most) };
}
