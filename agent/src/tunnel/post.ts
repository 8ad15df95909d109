import { type DialOptions, dialGateway, type GatewayTarget } from './dial-gateway.ts';
import { GatewayError } from './gateway-error.ts';
import { readBody, retryAfterSeconds } from './read-body.ts';
import { openTunnelSession } from './tunnel-session.ts';

export type PostAnswer = { readonly status: number; readonly body: unknown; readonly retryAfter?: number };

const ANSWER_TIMEOUT = 15_000;

/**
 * One plain request on a connection of its own, for enrollment and renewal: the same way through proxy, TLS and
 * certificate pin as a session. Throws GatewayError; an answer with any status is an answer.
 */
export async function post(
  target: GatewayTarget,
  options: DialOptions,
  path: string,
  body: unknown,
): Promise<PostAnswer> {
  const socket = await dialGateway(target, options);
  const late = new GatewayError(
    'GATEWAY_TIMEOUT',
    `${path} got no answer within ${ANSWER_TIMEOUT / 1000} s.`,
  );
  const timer = setTimeout(() => socket.destroy(), ANSWER_TIMEOUT);
  try {
    const session = await openTunnelSession(socket, target.url);
    const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/json' });
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; retryAfter?: number }>();
    stream.once('error', reject);
    stream.once('close', () => reject(late));
    stream.once('response', (headers) => {
      const retryAfter = retryAfterSeconds(headers['retry-after']);
      resolve({ status: headers[':status'] ?? 0, ...(retryAfter !== undefined && { retryAfter }) });
    });
    stream.end(JSON.stringify(body));
    const head = await promise;
    return { ...head, body: await readBody(stream) };
  } catch (error) {
    if (error instanceof GatewayError) throw error;
    throw new GatewayError('GATEWAY_PROTOCOL', `${path} failed.`, { cause: error });
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}
