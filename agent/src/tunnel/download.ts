import { rangeFrom, releasePath } from '@penstock/wire';
import { type DialOptions, dialGateway, type GatewayTarget } from './dial-gateway.ts';
import { GatewayError } from './gateway-error.ts';
import { openHttp2Session } from './http2-session.ts';
import { readBody, responseError, retryAfterSeconds } from './response-body.ts';

/** A download that delivers nothing for so long has broken off. */
const IDLE_TIMEOUT_MS = 30_000;

/**
 * The bytes of a release's file from `offset`, on a connection of its own: an executable of 150 MB on the session would delay
 * its clients. Throws GatewayError or ProblemError, also while the bytes are read.
 */
export async function* downloadRelease(
  target: GatewayTarget,
  options: DialOptions,
  file: string,
  offset: number,
): AsyncGenerator<Uint8Array> {
  const socket = await dialGateway(target, options);
  const giveUp = () => socket.destroy();
  options.signal.addEventListener('abort', giveUp, { once: true });
  socket.setTimeout(IDLE_TIMEOUT_MS, giveUp);
  try {
    if (options.signal.aborted) throw options.signal.reason;
    const session = await openHttp2Session(socket, target.url);
    const stream = session.request(
      { ':method': 'GET', ':path': releasePath(file), ...(offset > 0 && { range: rangeFrom(offset) }) },
      { endStream: true },
    );
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; retryAfter?: number }>();
    const closed = () => reject(new GatewayError('GATEWAY_PROTOCOL', `It closed the download of ${file}.`));
    stream.once('error', closed).once('close', closed);
    stream.once('response', (headers) => {
      const retryAfter = retryAfterSeconds(headers['retry-after']);
      resolve({ status: headers[':status'] ?? 0, ...(retryAfter !== undefined && { retryAfter }) });
    });
    const { status, retryAfter } = await promise;
    if (status !== (offset > 0 ? 206 : 200)) throw responseError(status, await readBody(stream), retryAfter);
    for await (const chunk of stream) yield chunk as Buffer;
    if (stream.rstCode !== 0)
      throw new GatewayError('GATEWAY_PROTOCOL', `The download of ${file} was cut off.`);
  } finally {
    options.signal.removeEventListener('abort', giveUp);
    socket.destroy();
  }
}
