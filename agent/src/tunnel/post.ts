import { type DialOptions, dialGateway, type GatewayTarget } from './dial-gateway.ts';
import { GatewayError } from './gateway-error.ts';
import { readBody, retryAfterSeconds } from './read-body.ts';
import { openTunnelSession } from './tunnel-session.ts';

export type PostAnswer = { readonly status: number; readonly body: unknown; readonly retryAfter?: number };

/** Milliseconds from the connection to the end of the answer. */
const ANSWER_TIMEOUT = 15_000;

/**
 * One plain request on a connection of its own, for enrollment and renewal: the same way through proxy, TLS and
 * certificate pin as a session. Throws GatewayError; an answer with any status is an answer.
 */
export async function post(
  target: GatewayTarget,
  options: DialOptions & { readonly answerTimeout?: number },
  path: string,
  body: unknown,
): Promise<PostAnswer> {
  const socket = await dialGateway(target, options);
  const timeout = AbortSignal.timeout(options.answerTimeout ?? ANSWER_TIMEOUT);
  const signal = AbortSignal.any([timeout, options.signal]);
  const giveUp = () => socket.destroy();
  signal.addEventListener('abort', giveUp, { once: true });
  if (signal.aborted) giveUp();
  try {
    const session = await openTunnelSession(socket, target.url);
    const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/json' });
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; retryAfter?: number }>();
    const cut = () => reject(new GatewayError('GATEWAY_PROTOCOL', `It cut ${path} off without an answer.`));
    stream.on('error', cut).once('close', cut);
    stream.once('response', (headers) => {
      const retryAfter = retryAfterSeconds(headers['retry-after']);
      resolve({ status: headers[':status'] ?? 0, ...(retryAfter !== undefined && { retryAfter }) });
    });
    stream.end(JSON.stringify(body));
    const head = await promise;
    return { ...head, body: await readBody(stream) };
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
