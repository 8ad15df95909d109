import type { ClientHttp2Session } from 'node:http2';
import { type DialOptions, dialGateway, type GatewayTarget } from './dial-gateway.ts';
import { GatewayError } from './gateway-error.ts';
import { openHttp2Session } from './http2-session.ts';
import { readBody, retryAfterSeconds } from './response-body.ts';

export type PlainRequest = {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Maximum size of the answer; 64 KiB when omitted. */
  readonly maxBytes?: number;
};

export type PlainAnswer = {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfter?: number;
  /** The gateway's time according to the Date header, in milliseconds since 1970. */
  readonly date: number | undefined;
};

/** From the connection to the end of the answer. */
const ANSWER_TIMEOUT_MS = 15_000;

export type PlainRequestOptions = DialOptions & { readonly answerTimeout?: number };

/**
 * Sends one HTTP request on a connection of its own, through the same proxy, TLS and certificate pin as a session. Resolves
 * for an answer with any status. Throws GatewayError.
 */
export async function plainRequest(
  target: GatewayTarget,
  options: PlainRequestOptions,
  request: PlainRequest,
): Promise<PlainAnswer> {
  const { path } = request;
  const socket = await dialGateway(target, options);
  const timeout = AbortSignal.timeout(options.answerTimeout ?? ANSWER_TIMEOUT_MS);
  const signal = AbortSignal.any([timeout, options.signal]);
  const giveUp = () => socket.destroy();
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    return await requestOn(await openHttp2Session(socket, target.url), request);
  } catch (error) {
    if (options.signal.aborted) throw options.signal.reason;
    if (timeout.aborted) throw new GatewayError('GATEWAY_TIMEOUT', `${path} was not answered in time.`);
    if (error instanceof GatewayError) throw error;
    throw new GatewayError('GATEWAY_PROTOCOL', `${path} failed.`, { cause: error });
  } finally {
    signal.removeEventListener('abort', giveUp);
    socket.destroy();
  }
}

/** Sends the request on an open HTTP/2 session. The caller limits its time. Throws GatewayError. */
export async function requestOn(
  session: ClientHttp2Session,
  { method, path, body, maxBytes }: PlainRequest,
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
  const onClose = () => reject(new GatewayError('GATEWAY_PROTOCOL', `It closed ${path} without an answer.`));
  stream.on('error', onClose).once('close', onClose);
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
  return { ...head, body: await readBody(stream, maxBytes) };
}
