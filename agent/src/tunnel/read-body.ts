import type { ClientHttp2Stream } from 'node:http2';
import { isProblemCode, ProblemError } from '@penstock/wire';
import { GatewayError } from './gateway-error.ts';

/** Most answers on plain requests are small: a certificate chain or a problem document. */
const MAX_BYTES = 64 * 1024;

/** The JSON body of an answer, `most` bytes at most. Throws GatewayError when it is too long, cut off or no JSON. */
export async function readBody(stream: ClientHttp2Stream, most: number = MAX_BYTES): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const cut = () => reject(new GatewayError('GATEWAY_PROTOCOL', 'Its answer was cut off.'));
  stream.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > most) reject(new GatewayError('GATEWAY_PROTOCOL', 'Its answer is too long.'));
    else chunks.push(chunk);
  });
  stream.once('error', cut);
  stream.once('end', () => (stream.rstCode === 0 && !stream.aborted ? resolve() : cut()));
  stream.once('close', cut);
  await promise;
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch (cause) {
    throw new GatewayError('GATEWAY_PROTOCOL', 'Its answer is not JSON.', { cause });
  }
}

/** The refusal in a problem document (RFC 9457), or a GatewayError when the answer is none of ours. */
export function refusalOf(status: number, body: unknown, retryAfter: number | undefined): Error {
  if (typeof body === 'object' && body !== null && 'code' in body && isProblemCode(body.code)) {
    const detail = 'detail' in body && typeof body.detail === 'string' ? body.detail : undefined;
    return new ProblemError(body.code, detail, retryAfter === undefined ? {} : { retryAfter });
  }
  return new GatewayError('GATEWAY_PROTOCOL', `It answered ${status}.`);
}

/** Seconds in a Retry-After header (RFC 9110 section 10.2.3), at most an hour. */
export function retryAfterSeconds(value: unknown): number | undefined {
  const seconds = typeof value === 'string' ? Number.parseInt(value, 10) : Number.NaN;
  return Number.isNaN(seconds) ? undefined : Math.min(3600, Math.max(0, seconds));
}
