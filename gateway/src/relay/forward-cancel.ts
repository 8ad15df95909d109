import { peerPaths } from '@penstock/cluster';
import { hasShape, type Static, Type } from '@penstock/json-schema';
import { ProblemError } from '@penstock/wire';
import type { ForwardedCancel } from '../access/elsewhere.ts';
import { askPeer } from './ask-peers.ts';
import type { PeerDirectory } from './peer-directory.ts';

/** Milliseconds for all replicas to answer. */
const CANCEL_TIMEOUT_MS = 3_000;
/** A CancelRequest has at most 16 + 256 bytes (PostgreSQL 18). */
const MAX_REQUEST_BYTES = 512;

const Cancel = Type.Object({
  port: Type.String(),
  request: Type.String(),
  address: Type.String(),
  clientPort: Type.Integer(),
});
const Delivered = Type.Object({ delivered: Type.Boolean() });

/** Asks the peers to cancel a query, and resolves to whether one of them had a client for it. Never rejects. */
export async function forwardCancel(
  peers: readonly Pick<PeerDirectory, 'peer'>[],
  { request, ...source }: ForwardedCancel,
  signal: AbortSignal,
): Promise<boolean> {
  const body: Static<typeof Cancel> = { ...source, request: request.toString('base64') };
  const timeout = AbortSignal.timeout(CANCEL_TIMEOUT_MS);
  const ended = AbortSignal.any([signal, timeout]);
  const answers = await Promise.all(peers.map(({ peer }) => askPeer(peer, peerPaths.cancel, body, ended)));
  return answers.some((answer) => hasShape(Delivered, answer) && answer.delivered);
}

/** Reads what a peer asks to cancel. Throws ProblemError. */
export function readCancel(body: unknown): ForwardedCancel {
  if (!hasShape(Cancel, body)) throw new ProblemError('REQUEST_INVALID');
  const request = Buffer.from(body.request, 'base64');
  if (request.length > MAX_REQUEST_BYTES) throw new ProblemError('REQUEST_TOO_LARGE');
  return { ...body, request };
}
