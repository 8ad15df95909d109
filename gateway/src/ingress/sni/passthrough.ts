import type { Socket } from 'node:net';
import { TunnelError } from '@penstock/wire';
import type { TargetStream } from '../../routing/session-contract.ts';
import { sslRequest } from '../postgresql/postgresql-packet.ts';
import { firstChunk } from './first-chunk.ts';
import type { TlsNegotiation } from './preamble.ts';

/** What a client has said that its target must hear, and how it came to say it. */
export type Overture = {
  readonly negotiation: TlsNegotiation;
  /** From the first byte of TLS on. */
  readonly bytes: Buffer;
  /** Milliseconds for the target to answer. */
  readonly patience: number;
};

const YES = 0x53;

/**
 * Plays what the client began with once more, to its target: PostgreSQL is first asked for TLS, as the client has
 * asked the gateway, and what the client sent next waits for the answer. Rejects with TunnelError TLS_FAILED when the
 * target does not want TLS.
 */
export async function replay(
  { negotiation, bytes, patience }: Overture,
  client: Socket,
  target: TargetStream,
  signal: AbortSignal,
): Promise<void> {
  if (negotiation === 'postgresql') {
    target.stream.write(sslRequest);
    checkAnswer(await firstChunk(target, patience, signal));
  }
  target.stream.write(bytes);
  if (negotiation !== 'postgresql-direct') return;
  // A server that does not know direct TLS leaves without a word, which would tell the client nothing.
  const answer = await firstChunk(target, patience, signal);
  if (answer === undefined) {
    const sentence =
      'The target ended the connection at a ClientHello that no SSLRequest came before. Servers before ' +
      'PostgreSQL 17 know no direct TLS: leave sslnegotiation at postgres.';
    throw new TunnelError('TLS_FAILED', sentence);
  }
  client.write(answer);
}

function checkAnswer(answer: Buffer | undefined): void {
  // More than one byte in clear would pass for part of what comes encrypted (CVE-2021-23222).
  if (answer?.length === 1 && answer[0] === YES) return;
  const sentence =
    answer?.toString('latin1') === 'N'
      ? 'The PostgreSQL server speaks no TLS (ssl is off there), and the client wants it.'
      : 'The target did not answer the client as a PostgreSQL server that is asked for TLS.';
  throw new TunnelError('TLS_FAILED', sentence);
}
