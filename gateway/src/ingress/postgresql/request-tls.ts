import { TunnelError } from '@penstock/wire';
import type { TargetStream } from '../../routing/session-contract.ts';
import { firstChunk } from './first-chunk.ts';
import { sslRequest } from './startup-packet.ts';

const SUPPORTED = 0x53;

/**
 * Requests TLS from a PostgreSQL server, on behalf of a client that the gateway has promised it. `timeout` is in
 * milliseconds. Rejects with TunnelError TLS_FAILED if the server refuses, and as `firstChunk` does.
 */
export async function requestTls(target: TargetStream, timeout: number, signal: AbortSignal): Promise<void> {
  target.send(sslRequest);
  const answer = await firstChunk(target, timeout, signal);
  // Only a single byte is accepted: further plaintext bytes would be taken for encrypted ones (CVE-2021-23222).
  if (answer?.length === 1 && answer[0] === SUPPORTED) return;
  const detail =
    answer?.toString('latin1') === 'N'
      ? 'The client requires TLS, but the PostgreSQL server does not support it. Set ssl to on in the server.'
      : 'The target did not respond to SSLRequest as a PostgreSQL server does.';
  throw new TunnelError('TLS_FAILED', detail);
}

/**
 * Returns the first bytes with which a server responds to a ClientHello without SSLRequest. A server without support for
 * direct TLS closes the connection without a response, which would leave the client without an error. Rejects with
 * TunnelError TLS_FAILED in this case, and as `firstChunk` does. `timeout` is in milliseconds.
 */
export async function directTlsResponse(
  target: TargetStream,
  timeout: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const response = await firstChunk(target, timeout, signal);
  if (response !== undefined) return response;
  throw new TunnelError(
    'TLS_FAILED',
    'The target closed the connection when the client started TLS without SSLRequest. Set sslnegotiation=postgres in ' +
      'the client, or use PostgreSQL 17 or later.',
  );
}
