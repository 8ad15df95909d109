import type { ClientHttp2Stream } from 'node:http2';
import { readProblem } from '@penstock/wire';
import { GatewayError } from './gateway-error.ts';

/** Enough for a certificate chain or a problem document. */
const DEFAULT_MAX_BYTES = 64 * 1024;
const MAX_RETRY_AFTER_SECONDS = 3600;

/** Reads the JSON body of a response. Throws GatewayError when it is too long, truncated or not JSON. */
export async function readBody(
  stream: ClientHttp2Stream,
  maxBytes: number = DEFAULT_MAX_BYTES,
): Promise<unknown> {
  const chunks: Buffer[] = [];
  let length = 0;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const truncated = () => reject(new GatewayError('GATEWAY_PROTOCOL', 'Its answer was truncated.'));
  stream.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length > maxBytes) reject(new GatewayError('GATEWAY_PROTOCOL', 'Its answer is too long.'));
    else chunks.push(chunk);
  });
  stream.once('error', truncated);
  stream.once('end', () => (stream.rstCode === 0 && !stream.aborted ? resolve() : truncated()));
  stream.once('close', truncated);
  await promise;
  try {
    return JSON.parse(Buffer.concat(chunks).toString());
  } catch (cause) {
    throw new GatewayError('GATEWAY_PROTOCOL', 'Its answer is not JSON.', { cause });
  }
}

/** The error for a response other than success: the gateway's ProblemError, or a GatewayError if it is not one of ours. */
export function responseError(status: number, body: unknown, retryAfter: number | undefined): Error {
  return readProblem(body, retryAfter) ?? new GatewayError('GATEWAY_PROTOCOL', `It answered HTTP ${status}.`);
}

/** Seconds in a Retry-After header (RFC 9110 section 10.2.3), limited to one hour. */
export function retryAfterSeconds(value: unknown): number | undefined {
  const seconds = typeof value === 'string' ? Number.parseInt(value, 10) : Number.NaN;
  return Number.isNaN(seconds) ? undefined : Math.min(MAX_RETRY_AFTER_SECONDS, Math.max(0, seconds));
}
